// Part of Omnibus, an event bus that a Swift program links and runs inside itself.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Where the answers to a bus's requests arrive, found by the id of the request.
///
/// Answers never wait in a queue: whoever brings one hands it to the waiting task.
final class ReplyInbox: Sendable {
    private struct State {
        var waiters: [MessageID: @Sendable (Message) -> Void] = [:]
        var ids: MessageIDGenerator
        var late = 0
        var isOpen = false
    }

    /// The topic that answers are sent to.
    let topic: Topic
    private let state: Mutex<State>

    init(seed: UInt64) {
        self.topic = Topic(unchecked: "omnibus.reply.\(String(seed, radix: 16))")
        self.state = Mutex(State(ids: MessageIDGenerator(seed: seed)))
    }

    /// How many answers came when nobody waited for them any more.
    var late: Int { self.state.withLock { $0.late } }

    /// Whether the caller is the first, who has to see to it that answers arrive.
    func opens() -> Bool {
        self.state.withLock { state in
            defer { state.isOpen = true }
            return !state.isOpen
        }
    }

    /// Lets the next caller of ``opens()`` try again.
    func failedToOpen() {
        self.state.withLock { $0.isOpen = false }
    }

    func makeID(milliseconds: Int64) -> MessageID {
        self.state.withLock { $0.ids.next(milliseconds: milliseconds) }
    }

    func expect(_ request: MessageID, _ receive: @escaping @Sendable (Message) -> Void) {
        self.state.withLock { $0.waiters[request] = receive }
    }

    func forget(_ request: MessageID) {
        self.state.withLock { $0.waiters[request] = nil }
    }

    /// Hands an answer to whoever waits for it; one that nobody waits for is counted.
    func deliver(_ reply: Message) {
        let receive = self.state.withLock { state in
            let receive = reply.causationID.flatMap { state.waiters[$0] }
            if receive == nil { state.late += 1 }
            return receive
        }
        receive?(reply)
    }
}
