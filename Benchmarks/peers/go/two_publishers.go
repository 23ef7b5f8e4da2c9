// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"sync"
	"time"
)

// Two publishers, one handler: the map has a lock for readers, which a program with several goroutines needs.
func twoPublishers(count int) time.Duration {
	half := count / 2
	sum, handled := 0, 0
	done := make(chan struct{})
	var lock sync.RWMutex
	subscribers := map[string]chan tick{}
	subscribe(subscribers, "bench.tick", func(event tick) {
		sum += event.n
		handled++
		if handled == half*2 {
			close(done)
		}
	})

	start := time.Now()
	for _, first := range []int{0, half} {
		go func(first int) {
			for n := first; n < first+half; n++ {
				publishLocked(&lock, subscribers, "bench.tick", tick{n: n, name: "tick"})
			}
		}(first)
	}
	<-done
	elapsed := time.Since(start)

	if sum != half*2*(half*2-1)/2 {
		fail("the handler did not see every message")
	}
	close(subscribers["bench.tick"])
	return elapsed
}

//go:noinline
func publishLocked(lock *sync.RWMutex, subscribers map[string]chan tick, topic string, event tick) {
	lock.RLock()
	queue, found := subscribers[topic]
	lock.RUnlock()
	if found {
		queue <- event
	}
}
