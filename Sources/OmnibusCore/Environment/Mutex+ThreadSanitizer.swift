// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

// The thread sanitizer does not see how the toolchain's `Mutex` hands a contended lock over on Linux, where the kernel
// does it, and reports races in any program that has one. Under the sanitizer alone, every module of ours uses this
// mutex of the C library's instead, which it knows. `Scripts/test --all` sets the condition; nobody else gets it.
#if OMNIBUS_THREAD_SANITIZER

    #if canImport(Darwin)
        import Darwin
    #elseif canImport(Glibc)
        import Glibc
    #elseif canImport(Musl)
        import Musl
    #endif

    package struct Mutex<Value: ~Copyable>: ~Copyable, @unchecked Sendable {
        // SAFETY: the value is reached between lock and unlock alone.
        private let mutex: UnsafeMutablePointer<pthread_mutex_t>
        private let value: UnsafeMutablePointer<Value>

        package init(_ initial: consuming sending Value) {
            self.mutex = .allocate(capacity: 1)
            self.mutex.initialize(to: pthread_mutex_t())
            pthread_mutex_init(self.mutex, nil)
            self.value = .allocate(capacity: 1)
            self.value.initialize(to: initial)
        }

        deinit {
            self.value.deinitialize(count: 1)
            self.value.deallocate()
            pthread_mutex_destroy(self.mutex)
            self.mutex.deallocate()
        }

        package borrowing func withLock<Result: ~Copyable, Failure: Error>(
            _ body: (inout sending Value) throws(Failure) -> sending Result
        ) throws(Failure) -> sending Result {
            pthread_mutex_lock(self.mutex)
            defer { pthread_mutex_unlock(self.mutex) }
            return try body(&self.value.pointee)
        }
    }

#endif
