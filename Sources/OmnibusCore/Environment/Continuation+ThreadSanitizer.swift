// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

// The thread sanitizer does not see either how the concurrency library hands a value over to a task that is resumed
// before it has suspended: a program of thirty lines with nothing but `withUnsafeContinuation` is reported. Under the
// sanitizer alone, a task that goes on waits until whoever resumes it is done with that.
#if OMNIBUS_THREAD_SANITIZER

    #if canImport(Darwin)
        import Darwin
    #elseif canImport(Glibc)
        import Glibc
    #elseif canImport(Musl)
        import Musl
    #endif

    package struct UnsafeContinuation<Value: Sendable, Failure: Error>: Sendable {
        fileprivate let continuation: _Concurrency.UnsafeContinuation<Value, Failure>
        fileprivate let handOver: HandOver
    }

    extension UnsafeContinuation where Failure == Never {
        package func resume(returning value: Value) {
            self.continuation.resume(returning: value)
            self.handOver.end()
        }
    }

    package func withUnsafeContinuation<Value: Sendable>(
        _ body: (UnsafeContinuation<Value, Never>) -> Void
    ) async -> Value {
        let handOver = HandOver()
        let value = await _Concurrency.withUnsafeContinuation { continuation in
            body(UnsafeContinuation(continuation: continuation, handOver: handOver))
        }
        handOver.wait()
        return value
    }

    fileprivate final class HandOver: Sendable {
        private let hasEnded = Mutex(false)

        func end() { self.hasEnded.withLock { $0 = true } }

        func wait() {
            while !self.hasEnded.withLock({ $0 }) { sched_yield() }
        }
    }

#endif
