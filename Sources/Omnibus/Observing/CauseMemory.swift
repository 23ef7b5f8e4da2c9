// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The newest messages that were published, without their payloads.
final class CauseMemory: Sendable {
    private struct State {
        /// A ring: the oldest one is at `next` once it is full.
        var traces: [MessageTrace] = []
        var next = 0
    }

    let limit: Int
    private let state = Mutex(State())

    init(limit: Int) {
        self.limit = max(0, limit)
    }

    /// Remembers a message; the oldest one makes room.
    func add(_ trace: MessageTrace) {
        self.state.withLock { state in
            if state.traces.count < self.limit {
                state.traces.append(trace)
            } else if self.limit > 0 {
                state.traces[state.next] = trace
                state.next = (state.next + 1) % self.limit
            }
        }
    }

    var traces: [MessageTrace] { self.state.withLock { $0.traces } }
}
