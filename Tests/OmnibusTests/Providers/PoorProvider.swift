// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import Synchronization

/// A provider that has nothing but the three calls that are required, and delivers to exact topics alone.
final class PoorProvider: EventBusProvider {
    static let capabilities = ProviderCapabilities(provider: "poor", abilities: [])

    private let subscriptions = Mutex<[PoorSubscription]>([])

    func publish(_ message: Message) async throws(OmnibusError) -> PublishReceipt {
        for subscription in self.subscriptions.withLock({ $0 }) where subscription.pattern.matches(message.topic) {
            subscription.add(message)
        }
        return PublishReceipt(messageID: message.id, matched: nil)
    }

    func subscribe(
        to pattern: TopicPattern,
        _ settings: SubscriptionSettings
    ) async throws(OmnibusError) -> any ProviderSubscription {
        self.subscriptions.withLock { subscriptions in
            let id = SubscriptionID(rawValue: "poor-\(subscriptions.count + 1)")
            let subscription = PoorSubscription(id: id, pattern: pattern)
            subscriptions.append(subscription)
            return subscription
        }
    }
}

/// A list of messages, each handed out until it is acknowledged or given up on.
final class PoorSubscription: ProviderSubscription, SubscriptionControl {
    private struct State {
        var waiting: [(message: Message, attempts: Int)] = []
        var inFlight: [DeliveryToken: (message: Message, attempts: Int)] = [:]
        var lastToken: UInt32 = 0
        var isEnded = false
        var receivers: [Pending<Bool>] = []
    }

    let id: SubscriptionID
    let pattern: TopicPattern
    private let state = Mutex(State())

    init(id: SubscriptionID, pattern: TopicPattern) {
        self.id = id
        self.pattern = pattern
    }

    func add(_ message: Message) {
        self.wake { $0.waiting.append((message, 0)) }
    }

    func receive(upTo count: Int) async throws(OmnibusError) -> [Delivery] {
        while true {
            let pending = Pending<Bool>()
            let delivery = self.state.withLock { state -> Delivery? in
                guard !state.isEnded, !state.waiting.isEmpty else {
                    if state.isEnded { pending.resolve(false) } else { state.receivers.append(pending) }
                    return nil
                }
                let (message, attempts) = state.waiting.removeFirst()
                state.lastToken += 1
                let token = DeliveryToken(slot: state.lastToken, generation: 0)
                state.inFlight[token] = (message, attempts)
                return Delivery(
                    message: message,
                    attempt: attempts + 1,
                    subscription: Subscription(id: self.id, pattern: self.pattern, group: nil, control: self),
                    token: token,
                    settler: self
                )
            }
            if let delivery { return [delivery] }
            if Task.isCancelled { throw OmnibusError(.cancelled, "The task was cancelled.") }
            if await !pending.value(whenCancelled: false) {
                if Task.isCancelled { throw OmnibusError(.cancelled, "The task was cancelled.") }
                return []
            }
        }
    }

    func settle(_ settlements: [Settlement]) throws(OmnibusError) {
        for settlement in settlements {
            let entry = self.state.withLock { $0.inFlight.removeValue(forKey: settlement.delivery) }
            guard let entry else { throw OmnibusError(.alreadySettled, "The delivery was settled before.") }
            switch settlement.action {
            case .ack, .deadLetter, .extend: break
            case .nack: self.wake { $0.waiting.append((entry.message, entry.attempts + 1)) }
            case .release: self.wake { $0.waiting.insert(entry, at: 0) }
            }
        }
    }

    func flush() async throws(OmnibusError) {}

    func cancel() async {
        let receivers = self.state.withLock { state in
            state.isEnded = true
            defer { state.receivers = [] }
            return state.receivers
        }
        for receiver in receivers { receiver.resolve(false) }
    }

    func cancel(_ id: SubscriptionID) async { await self.cancel() }
    func pause(_ id: SubscriptionID) async throws(OmnibusError) {}
    func resume(_ id: SubscriptionID) async throws(OmnibusError) {}
    func ack(_ message: MessageID, _ id: SubscriptionID) async throws(OmnibusError) {}

    private func wake(_ change: (inout State) -> Void) {
        let receivers = self.state.withLock { state in
            change(&state)
            defer { state.receivers = [] }
            return state.receivers
        }
        for receiver in receivers { receiver.resolve(true) }
    }
}
