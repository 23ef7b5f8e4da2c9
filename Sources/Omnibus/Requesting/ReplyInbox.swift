// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Where the answers to a bus's requests arrive, found by the id of the request.
///
/// Answers never wait in a queue: whoever brings one hands it to the waiting task.
final class ReplyInbox: Sendable {
    private struct State {
        var waiters: [MessageID: (topic: Topic, receive: @Sendable (Message) -> Void)] = [:]
        var ids: MessageIDGenerator
        var late = 0
        var isOpen = false
        /// Those who wait for the one who sees to it that answers arrive; nil where nobody does.
        var opening: [Pending<Bool>]?
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

    /// The topics on which answers are waited for, and how many.
    var topicsAsked: [(topic: Topic, count: Int)] {
        let topics = self.state.withLock { $0.waiters.values.map(\.topic) }
        return Dictionary(grouping: topics) { $0 }.map { ($0.key, $0.value.count) }
            .sorted { $0.topic.name < $1.topic.name }
    }

    /// Whether the caller has to see to it that answers arrive; waits while somebody else does.
    func opens() async -> Bool {
        while true {
            let (mustOpen, pending) = self.state.withLock { state -> (Bool, Pending<Bool>?) in
                if state.isOpen { return (false, nil) }
                guard state.opening != nil else {
                    state.opening = []
                    return (true, nil)
                }
                let pending = Pending<Bool>()
                state.opening?.append(pending)
                return (false, pending)
            }
            guard let pending else { return mustOpen }
            if await pending.value() { return false }
        }
    }

    /// Says whether answers arrive now; if not, the next caller of ``opens()`` has to try again.
    func opened(_ isOpen: Bool) {
        let waiting = self.state.withLock { state in
            defer { state.opening = nil }
            state.isOpen = isOpen
            return state.opening ?? []
        }
        for pending in waiting { pending.resolve(isOpen) }
    }

    /// Counts an answer that nobody waits for any more.
    func countLate() {
        self.state.withLock { $0.late += 1 }
    }

    func makeID(milliseconds: Int64) -> MessageID {
        self.state.withLock { $0.ids.next(milliseconds: milliseconds) }
    }

    func expect(_ request: MessageID, on topic: Topic, _ receive: @escaping @Sendable (Message) -> Void) {
        self.state.withLock { $0.waiters[request] = (topic, receive) }
    }

    func forget(_ request: MessageID) {
        self.state.withLock { $0.waiters[request] = nil }
    }

    /// Hands an answer to whoever waits for it; one that nobody waits for is counted.
    func deliver(_ reply: Message) {
        let receive = self.state.withLock { state in
            let receive = reply.causationID.flatMap { state.waiters[$0]?.receive }
            if receive == nil { state.late += 1 }
            return receive
        }
        receive?(reply)
    }
}
