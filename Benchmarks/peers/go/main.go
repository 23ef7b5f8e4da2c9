// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

// What a Go program would do instead of using the bus: omnibus-bench-go QUESTION COUNT [instructions]
// prints the nanoseconds that one message took, or a line with a name and nanoseconds for each of several figures.
package main

import (
	"fmt"
	"os"
	"strconv"
	"time"
)

// Each question handles count messages and says how long that took, without its setup.
var questions = map[string]func(count int) time.Duration{
	"one-to-one":     oneToOne,
	"two-publishers": twoPublishers,
	"fan-out-100":    fanOut,
	"batch-64":       batches,
	"group-of-4":     groupOf4,
	"request":        requests,
	"event-encode":   encodeEvents,
	"event-decode":   decodeEvents,
}

// Each of these times every message by itself, and returns what prints its figures.
var timings = map[string]func(count int) func(){
	"latency-10k":     latencies(100 * time.Microsecond),
	"latency-100k":    latencies(10 * time.Microsecond),
	"request-latency": requestLatencies,
}

func main() {
	// As in the Swift programs: whoever started this one counts its instructions, so that there is no warm-up.
	isCounted := len(os.Args) == 4 && os.Args[3] == "instructions"
	if len(os.Args) != 3 && !isCounted {
		fail("usage: omnibus-bench-go QUESTION COUNT [instructions]")
	}
	question, found := questions[os.Args[1]]
	timing, isTiming := timings[os.Args[1]]
	if !found && !isTiming {
		fail("no question is called " + os.Args[1])
	}
	count, err := strconv.Atoi(os.Args[2])
	if err != nil || count < 1 {
		fail("COUNT is a whole number above 0, not " + os.Args[2])
	}

	if isTiming {
		timing(count/10 + 1) // warm-up
		timing(count)()
		return
	}
	if !isCounted {
		question(count/10 + 1) // warm-up
	}
	elapsed := question(count)
	fmt.Printf("%.1f\n", float64(elapsed.Nanoseconds())/float64(count))
}

func fail(sentence string) {
	fmt.Fprintln(os.Stderr, sentence)
	os.Exit(2)
}
