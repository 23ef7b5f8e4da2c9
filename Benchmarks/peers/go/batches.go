// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

package main

import "time"

// One publisher that has 64 events at a time: a channel takes them one by one.
func batches(count int) time.Duration {
	rounds := count / 64
	if rounds < 1 {
		rounds = 1
	}
	sum, handled := 0, 0
	done := make(chan struct{})
	subscribers := map[string]chan tick{}
	subscribe(subscribers, "bench.tick", func(event tick) {
		sum += event.n
		handled++
		if handled == rounds*64 {
			close(done)
		}
	})

	start := time.Now()
	for round := 0; round < rounds; round++ {
		events := make([]tick, 64)
		for index := range events {
			events[index] = tick{n: round*64 + index, name: "tick"}
		}
		publishBatch(subscribers, "bench.tick", events)
	}
	<-done
	elapsed := time.Since(start)

	if sum != rounds*64*(rounds*64-1)/2 {
		fail("the handler did not see every message")
	}
	close(subscribers["bench.tick"])
	return elapsed
}

//go:noinline
func publishBatch(subscribers map[string]chan tick, topic string, events []tick) {
	if queue, found := subscribers[topic]; found {
		for _, event := range events {
			queue <- event
		}
	}
}
