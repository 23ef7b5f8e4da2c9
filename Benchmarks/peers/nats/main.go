// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

// How nats-server finds out who listens to a subject: omnibus-bench-nats QUESTION COUNT
// prints how many it has found in all, and the nanoseconds that one match took.
package main

import (
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/nats-io/nats-server/server"
)

// A question: how many patterns there are, how many topics, and whether the server's own cache is on.
type question struct {
	patterns, topics int
	isCached         bool
}

var questions = map[string]question{
	"match-cached":  {37_000, 512, true},
	"match-37000":   {37_000, 1 << 16, false},
	"match-1000000": {1_000_000, 1 << 16, false},
}

func main() {
	if len(os.Args) != 3 {
		fail("usage: omnibus-bench-nats QUESTION COUNT")
	}
	question, found := questions[os.Args[1]]
	if !found {
		fail("no question is called " + os.Args[1])
	}
	count, err := strconv.Atoi(os.Args[2])
	if err != nil || count < 1 {
		fail("COUNT is a whole number above 0, not " + os.Args[2])
	}

	rule := matchRule{question.patterns}
	list := server.NewSublist(question.isCached)
	for i := 0; i < question.patterns; i++ {
		if err := list.Insert(server.OmnibusBenchSubscription(rule.pattern(i))); err != nil {
			fail(err.Error())
		}
	}
	topics := make([]string, question.topics)
	for j := range topics {
		topics[j] = rule.topic(j)
	}

	match(list, topics, count/10+1) // warm-up
	start := time.Now()
	sum := match(list, topics, count)
	elapsed := time.Since(start)
	fmt.Printf("answer %d\n", sum)
	fmt.Printf("%.1f\n", float64(elapsed.Nanoseconds())/float64(count))
}

func match(list *server.Sublist, topics []string, count int) int {
	sum := 0
	for n := 0; n < count; n++ {
		sum += list.Match(topics[n&(len(topics)-1)]).OmnibusBenchCount()
	}
	return sum
}

func fail(sentence string) {
	fmt.Fprintln(os.Stderr, sentence)
	os.Exit(2)
}
