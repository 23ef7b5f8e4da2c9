// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"math"
	"math/bits"
	"time"
)

// How long things took: the buckets of the Swift programs' LatencyHistogram, 64 for each power of two nanoseconds, so
// that percentiles have the same error, of at most one percent.
type histogram struct {
	counts [64 * 58]int
	count  int
	max    int64
}

func (h *histogram) record(duration time.Duration) {
	nanoseconds := int64(duration)
	if nanoseconds < 0 {
		nanoseconds = 0
	}
	h.counts[bucket(nanoseconds)]++
	h.count++
	if nanoseconds > h.max {
		h.max = nanoseconds
	}
}

// A bucket has its upper end and not its lower one.
func bucket(nanoseconds int64) int {
	if nanoseconds <= 64 {
		if nanoseconds == 0 {
			return 0
		}
		return int(nanoseconds - 1)
	}
	value := uint64(nanoseconds - 1)
	shift := bits.Len64(value) - 7
	return shift*64 + int(value>>uint(shift))
}

func middle(bucket int) int64 {
	if bucket < 128 {
		return int64(bucket) + 1
	}
	shift := uint(bucket/64 - 1)
	return int64(bucket%64+64)<<shift + int64(1)<<shift/2 + 1
}

// A duration that a share of all durations did not exceed: the smallest one for which it is reached.
func (h *histogram) percentile(percent float64) int64 {
	rank := int(math.Ceil(percent*float64(h.count)/100 - 1e-6))
	if rank >= h.count {
		return h.max
	}
	passed := 0
	for index, count := range h.counts {
		passed += count
		if passed >= rank && count > 0 {
			if found := middle(index); found < h.max {
				return found
			}
			return h.max
		}
	}
	return h.max
}

// Prints what is told of how long messages took.
func (h *histogram) print() {
	fmt.Printf("p50 %d\np99 %d\np99.9 %d\nmax %d\n", h.percentile(50), h.percentile(99), h.percentile(99.9), h.max)
}
