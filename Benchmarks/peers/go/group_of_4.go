// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"sync/atomic"
	"time"
)

// One publisher, four goroutines that share a channel.
func groupOf4(count int) time.Duration {
	var sum, handled int64
	done := make(chan struct{})
	subscribers := map[string]chan tick{}
	queue := make(chan tick, capacity)
	subscribers["bench.tick"] = queue
	for worker := 0; worker < 4; worker++ {
		work(queue, func(event tick) {
			atomic.AddInt64(&sum, int64(event.n))
			if atomic.AddInt64(&handled, 1) == int64(count) {
				close(done)
			}
		})
	}

	start := time.Now()
	for n := 0; n < count; n++ {
		publish(subscribers, "bench.tick", tick{n: n, name: "tick"})
	}
	<-done
	elapsed := time.Since(start)

	if sum != int64(count)*int64(count-1)/2 {
		fail("the handlers did not see every message")
	}
	close(queue)
	return elapsed
}

//go:noinline
func work(queue chan tick, handler func(tick)) {
	go func() {
		for event := range queue {
			handler(event)
		}
	}()
}
