// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Hands what happens to those who have asked for it.
///
/// Where nobody has asked, it costs the reading of one flag, and the value is never made.
package final class ListenerHub<Value: Sendable>: Sendable {
    private struct State {
        var handlers: [(id: UInt64, handle: @Sendable (Value) -> Void)] = []
        var last: UInt64 = 0
    }

    private let state = Mutex(State())
    private let hasListeners = Atomic<Bool>(false)

    package init() {}

    /// Whether anybody listens.
    package var isHeard: Bool { self.hasListeners.load(ordering: .acquiring) }

    /// Sends a value to everybody who listens; call it with no lock held.
    package func send(_ value: () -> Value) {
        guard self.isHeard else { return }
        let handlers = self.state.withLock { $0.handlers }
        guard !handlers.isEmpty else { return }
        let made = value()
        for (_, handle) in handlers { handle(made) }
    }

    /// Adds a listener, and returns the name under which it can be removed.
    package func add(_ handle: @escaping @Sendable (Value) -> Void) -> UInt64 {
        self.state.withLock { state in
            state.last += 1
            state.handlers.append((state.last, handle))
            self.hasListeners.store(true, ordering: .releasing)
            return state.last
        }
    }

    /// Removes a listener; returns whether there was one.
    @discardableResult
    package func remove(_ id: UInt64) -> Bool {
        self.state.withLock { state in
            let count = state.handlers.count
            state.handlers.removeAll { $0.id == id }
            self.hasListeners.store(!state.handlers.isEmpty, ordering: .releasing)
            return state.handlers.count < count
        }
    }
}

/// Where it is said what nobody's call has failed of.
package typealias SignalHub = ListenerHub<BusSignal>
