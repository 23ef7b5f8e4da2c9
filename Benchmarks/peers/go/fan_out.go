// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"sync"
	"time"
)

// One publisher, a hundred subscribers with a channel each; a delivery is what is counted.
func fanOut(count int) time.Duration {
	published := count / 100
	if published < 1 {
		published = 1
	}
	var done sync.WaitGroup
	sums := make([]int, 100)
	subscribers := map[string][]chan tick{}
	for index := range sums {
		index, handled := index, 0
		done.Add(1)
		subscribeList(subscribers, "bench.tick", func(event tick) {
			sums[index] += event.n
			handled++
			if handled == published {
				done.Done()
			}
		})
	}

	start := time.Now()
	for n := 0; n < published; n++ {
		publishList(subscribers, "bench.tick", tick{n: n, name: "tick"})
	}
	done.Wait()
	elapsed := time.Since(start)

	for _, sum := range sums {
		if sum != published*(published-1)/2 {
			fail("a handler did not see every message")
		}
	}
	for _, queue := range subscribers["bench.tick"] {
		close(queue)
	}
	return elapsed
}

//go:noinline
func subscribeList(subscribers map[string][]chan tick, topic string, handler func(tick)) {
	queue := make(chan tick, capacity)
	subscribers[topic] = append(subscribers[topic], queue)
	go func() {
		for event := range queue {
			handler(event)
		}
	}()
}

//go:noinline
func publishList(subscribers map[string][]chan tick, topic string, event tick) {
	for _, queue := range subscribers[topic] {
		queue <- event
	}
}
