// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

#ifndef OMNIBUS_ALLOCATION_COUNT_H
#define OMNIBUS_ALLOCATION_COUNT_H

#include <stdbool.h>

/// Starts to count this process's allocations from zero, or stops.
void omnibus_bench_count_allocations(bool counting);

/// The allocations since counting began, by all threads; -1 where they cannot be counted.
long omnibus_bench_allocations(void);

/// Gives the system what the allocator keeps of memory that was freed, so that using it anew shows.
void omnibus_bench_give_memory_back(void);

#endif
