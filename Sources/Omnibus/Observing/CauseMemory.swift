// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The newest messages that were published, without their payloads.
final class CauseMemory: Sendable {
    private struct State {
        /// A ring: the oldest one is at `next` once it is full.
        var messages: [MessageFacts] = []
        var next = 0
    }

    let limit: Int
    private let state = Mutex(State())

    init(limit: Int) {
        self.limit = max(0, limit)
    }

    /// Remembers a message; the oldest one makes room.
    func add(_ facts: MessageFacts) {
        self.state.withLock { state in
            if state.messages.count < self.limit {
                state.messages.append(facts)
            } else if self.limit > 0 {
                state.messages[state.next] = facts
                state.next = (state.next + 1) % self.limit
            }
        }
    }

    var messages: [MessageFacts] { self.state.withLock { $0.messages } }
}
