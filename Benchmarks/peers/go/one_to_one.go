// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

package main

import "time"

// The payload: the same fields as the Swift programs' Tick.
type tick struct {
	n    int
	name string
}

// A queue of one subscriber, bounded like the bus's by default.
const capacity = 4096

// One publisher, one handler: the publisher looks the topic up in a map and sends to the subscriber's buffered
// channel, which suspends it when full; a goroutine receives and calls the handler through a function value.
func oneToOne(count int) time.Duration {
	sum, handled := 0, 0
	done := make(chan struct{})
	subscribers := map[string]chan tick{}
	subscribe(subscribers, "bench.tick", func(event tick) {
		sum += event.n
		handled++
		if handled == count {
			close(done)
		}
	})

	start := time.Now()
	for n := 0; n < count; n++ {
		publish(subscribers, "bench.tick", tick{n: n, name: "tick"})
	}
	<-done
	elapsed := time.Since(start)

	if sum != count*(count-1)/2 {
		fail("the handler did not see every message")
	}
	close(subscribers["bench.tick"])
	return elapsed
}

//go:noinline
func subscribe(subscribers map[string]chan tick, topic string, handler func(tick)) {
	queue := make(chan tick, capacity)
	subscribers[topic] = queue
	go func() {
		for event := range queue {
			handler(event)
		}
	}()
}

//go:noinline
func publish(subscribers map[string]chan tick, topic string, event tick) {
	if queue, found := subscribers[topic]; found {
		queue <- event
	}
}
