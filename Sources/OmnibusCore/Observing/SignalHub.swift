// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Hands signals to those who have asked for them.
///
/// Where nobody has asked, a signal costs the reading of one flag and is never made.
package final class SignalHub: Sendable {
    private struct State {
        var handlers: [(id: UInt64, handle: @Sendable (BusSignal) -> Void)] = []
        var last: UInt64 = 0
    }

    private let state = Mutex(State())
    private let isHeard = Atomic<Bool>(false)

    package init() {}

    /// Sends a signal to everybody who listens; call it with no lock held.
    package func send(_ signal: () -> BusSignal) {
        guard self.isHeard.load(ordering: .acquiring) else { return }
        let handlers = self.state.withLock { $0.handlers }
        guard !handlers.isEmpty else { return }
        let made = signal()
        for (_, handle) in handlers { handle(made) }
    }

    /// Adds a listener, and returns the name under which it can be removed.
    package func add(_ handle: @escaping @Sendable (BusSignal) -> Void) -> UInt64 {
        self.state.withLock { state in
            state.last += 1
            state.handlers.append((state.last, handle))
            self.isHeard.store(true, ordering: .releasing)
            return state.last
        }
    }

    /// Removes a listener; one that was removed before is left alone.
    package func remove(_ id: UInt64) {
        self.state.withLock { state in
            state.handlers.removeAll { $0.id == id }
            self.isHeard.store(!state.handlers.isEmpty, ordering: .releasing)
        }
    }
}
