// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

package main

import "time"

type question struct {
	n     int
	reply chan int
}

// One requester that waits for each answer before it asks again; each request brings a channel for its answer.
func requests(count int) time.Duration {
	responders := map[string]chan question{}
	queue := make(chan question, capacity)
	responders["bench.double"] = queue
	answer(queue, func(n int) int { return n * 2 })

	start := time.Now()
	for n := 0; n < count; n++ {
		if ask(responders, "bench.double", n) != n*2 {
			fail("the answer was wrong")
		}
	}
	elapsed := time.Since(start)

	close(queue)
	return elapsed
}

//go:noinline
func answer(queue chan question, handler func(int) int) {
	go func() {
		for asked := range queue {
			asked.reply <- handler(asked.n)
		}
	}()
}

//go:noinline
func ask(responders map[string]chan question, topic string, n int) int {
	reply := make(chan int, 1)
	responders[topic] <- question{n: n, reply: reply}
	return <-reply
}
