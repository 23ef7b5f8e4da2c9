// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Publishes the notices of dead letters at the provider, in order, while nobody waits for them.
///
/// There is a task only while there is something to send. When more wait than the limit, the oldest goes: the dead
/// letter itself is kept elsewhere.
///
/// What the provider does not take, the subscriptions of this bus get all the same.
final class NoticeSender: Sendable {
    private static let limit = 4_096

    private struct State {
        var waiting: [Message] = []
        var isSending = false
        var idle: [Pending<Bool>] = []
    }

    private let provider: any EventBusProvider
    private let state = Mutex(State())

    init(_ provider: any EventBusProvider) {
        self.provider = provider
    }

    /// Sends a notice, some time soon.
    ///
    /// - Parameter refused: what is called with a notice that the provider does not take.
    func send(_ notice: Message, refused: @escaping @Sendable (Message) -> Void) {
        let begins = self.state.withLock { state -> Bool in
            if state.waiting.count == Self.limit { state.waiting.removeFirst() }
            state.waiting.append(notice)
            defer { state.isSending = true }
            return !state.isSending
        }
        guard begins else { return }
        Task.detached {
            while let notice = self.next() {
                do throws(OmnibusError) {
                    try await self.provider.publish(notice)
                } catch {
                    // Nobody can be told that it failed; the dead letter is in its store all the same.
                    refused(notice)
                }
            }
        }
    }

    private func next() -> Message? {
        let (notice, idle) = self.state.withLock { state -> (Message?, [Pending<Bool>]) in
            if !state.waiting.isEmpty { return (state.waiting.removeFirst(), []) }
            state.isSending = false
            defer { state.idle = [] }
            return (nil, state.idle)
        }
        for pending in idle { pending.resolve(true) }
        return notice
    }

    /// Whether there is nothing to send.
    var isIdle: Bool { self.state.withLock { !$0.isSending } }

    /// Waits until everything is sent, or the calling task is cancelled.
    func sent() async {
        let pending = Pending<Bool>()
        let isSending = self.state.withLock { state in
            if state.isSending { state.idle.append(pending) }
            return state.isSending
        }
        if isSending { _ = await pending.value(whenCancelled: false) }
    }
}
