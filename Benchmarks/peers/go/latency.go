// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"runtime"
	"time"
)

// The payload, and when it was meant to be published.
type timedTick struct {
	n        int
	name     string
	intended time.Duration
}

// The clock by which single messages are timed: what has gone by since this program began, by the monotonic clock.
var begin = time.Now()

// One publisher that publishes at a fixed rate, whatever becomes of the messages: how long does each take until its
// handler has it? The time of each starts when it was meant to be published, not when the publisher came to it.
func latencies(interval time.Duration) func(count int) func() {
	return func(count int) func() {
		var taken, lateness histogram
		sum, handled := 0, 0
		done := make(chan struct{})
		subscribers := map[string]chan timedTick{}
		subscribeTimed(subscribers, "bench.tick", func(event timedTick) {
			taken.record(time.Since(begin) - event.intended)
			sum += event.n
			handled++
			if handled == count {
				close(done)
			}
		})

		start := time.Since(begin) + time.Millisecond
		for n := 0; n < count; n++ {
			intended := start + time.Duration(n)*interval
			lateness.record(waitUntil(intended))
			publishTimed(subscribers, "bench.tick", timedTick{n: n, name: "tick", intended: intended})
		}
		<-done

		if sum != count*(count-1)/2 {
			fail("the handler did not see every message")
		}
		close(subscribers["bench.tick"])
		return func() {
			taken.print()
			fmt.Printf("late-p99 %d\n", lateness.percentile(99))
		}
	}
}

// Waits for a moment, and returns how much later it is by then: other goroutines may have the thread until shortly
// before, as in the Swift program.
func waitUntil(moment time.Duration) time.Duration {
	for {
		now := time.Since(begin)
		if now >= moment {
			return now - moment
		}
		if now < moment-2*time.Microsecond {
			runtime.Gosched()
		}
	}
}

//go:noinline
func subscribeTimed(subscribers map[string]chan timedTick, topic string, handler func(timedTick)) {
	queue := make(chan timedTick, capacity)
	subscribers[topic] = queue
	go func() {
		for event := range queue {
			handler(event)
		}
	}()
}

//go:noinline
func publishTimed(subscribers map[string]chan timedTick, topic string, event timedTick) {
	if queue, found := subscribers[topic]; found {
		queue <- event
	}
}

// One requester that waits for each answer before it asks again: how long does each round trip take?
func requestLatencies(count int) func() {
	var taken histogram
	responders := map[string]chan question{}
	queue := make(chan question, capacity)
	responders["bench.double"] = queue
	answer(queue, func(n int) int { return n * 2 })

	for n := 0; n < count; n++ {
		start := time.Since(begin)
		answered := ask(responders, "bench.double", n)
		taken.record(time.Since(begin) - start)
		if answered != n*2 {
			fail("the answer was wrong")
		}
	}

	close(queue)
	return taken.print
}
