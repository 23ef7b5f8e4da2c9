// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A value that one side waits for and the other side provides, once.
///
/// The first resolution counts, later ones are ignored, and it may come before anyone waits. One task waits.
package final class Pending<Value: Sendable>: Sendable {
    private enum State {
        /// Neither has happened.
        case open
        /// Somebody waits.
        case waiting(UnsafeContinuation<Value, Never>)
        /// The value is there.
        case resolved(Value)
    }

    private let state = Mutex(State.open)

    package init() {}

    /// Provides the value; returns whether it was the first one.
    @discardableResult
    package func resolve(_ value: Value) -> Bool {
        let (isFirst, waiter) = self.state.withLock { state -> (Bool, UnsafeContinuation<Value, Never>?) in
            switch state {
            case .open:
                state = .resolved(value)
                return (true, nil)
            case .waiting(let continuation):
                state = .resolved(value)
                return (true, continuation)
            case .resolved:
                return (false, nil)
            }
        }
        waiter?.resume(returning: value)
        return isFirst
    }

    /// Waits for the value.
    package func value() async -> Value {
        await withUnsafeContinuation { continuation in
            let value = self.state.withLock { state -> Value? in
                if case .resolved(let value) = state { return value }
                state = .waiting(continuation)
                return nil
            }
            if let value { continuation.resume(returning: value) }
        }
    }

    /// Waits for the value, resolving it with a substitute when the calling task is cancelled.
    package func value(whenCancelled substitute: Value) async -> Value {
        await withTaskCancellationHandler {
            await self.value()
        } onCancel: {
            self.resolve(substitute)
        }
    }
}
