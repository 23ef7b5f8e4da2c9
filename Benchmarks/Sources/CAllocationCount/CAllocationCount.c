// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

// With the GNU C library, a program that defines these functions has the whole process use them, the Swift runtime
// included; the library keeps its own under other names. While nothing is counted they cost one predictable branch.

#include "CAllocationCount.h"

#include <errno.h>
#ifdef __linux__
#include <malloc.h>
#endif
#include <stdatomic.h>
#include <stddef.h>

#ifdef __GLIBC__

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

static atomic_bool is_counting = false;
static atomic_long allocations = 0;

static inline void count(void) {
    if (atomic_load_explicit(&is_counting, memory_order_relaxed)) {
        atomic_fetch_add_explicit(&allocations, 1, memory_order_relaxed);
    }
}

void *malloc(size_t size) {
    count();
    return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
    count();
    return __libc_calloc(number, size);
}

void *realloc(void *memory, size_t size) {
    count();
    return __libc_realloc(memory, size);
}

void *memalign(size_t alignment, size_t size) {
    count();
    return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
    count();
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size) {
    count();
    void *found = __libc_memalign(alignment, size);
    if (found == NULL) {
        return ENOMEM;
    }
    *memory = found;
    return 0;
}

void omnibus_bench_count_allocations(bool counting) {
    if (counting) {
        atomic_store(&allocations, 0);
    }
    atomic_store(&is_counting, counting);
}

long omnibus_bench_allocations(void) { return atomic_load(&allocations); }

void omnibus_bench_give_memory_back(void) { malloc_trim(0); }

#else

void omnibus_bench_count_allocations(bool counting) { (void)counting; }

long omnibus_bench_allocations(void) { return -1; }

void omnibus_bench_give_memory_back(void) {}

#endif
