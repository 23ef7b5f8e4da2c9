// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import Synchronization

/// A provider that has nothing but what every provider has, and delivers to exact topics alone.
final class PoorProvider: EventBusProvider {
    static let capabilities = ProviderCapabilities(provider: "poor", abilities: [])

    private struct State {
        var subscriptions: [PoorSubscription] = []
        var isConnected = true
    }

    private let state = Mutex(State())

    func publish(_ message: Message) async throws(OmnibusError) -> PublishReceipt {
        try message.validate()
        for subscription in try self.connected().subscriptions where subscription.pattern.matches(message.topic) {
            subscription.add(message)
        }
        return PublishReceipt(messageID: message.id, matched: nil)
    }

    func subscribe(
        to pattern: TopicPattern,
        _ settings: SubscriptionSettings
    ) async throws(OmnibusError) -> any ProviderSubscription {
        _ = try self.connected()
        return self.state.withLock { state in
            let id = SubscriptionID(rawValue: "poor-\(state.subscriptions.count + 1)")
            let subscription = PoorSubscription(id: id, pattern: pattern)
            state.subscriptions.append(subscription)
            return subscription
        }
    }

    func disconnect() async throws(OmnibusError) {
        let subscriptions = self.state.withLock { state in
            state.isConnected = false
            return state.subscriptions
        }
        for subscription in subscriptions { await subscription.cancel() }
    }

    private func connected() throws(OmnibusError) -> State {
        let state = self.state.withLock { $0 }
        guard state.isConnected else { throw OmnibusError(.busClosed, "The poor provider was disconnected.") }
        return state
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
        var isStale = false
        for settlement in settlements {
            let entry = self.state.withLock { $0.inFlight.removeValue(forKey: settlement.delivery) }
            guard let entry else {
                isStale = true
                continue
            }
            switch settlement.action {
            case .ack, .deadLetter, .extend: break
            case .nack: self.wake { $0.waiting.append((entry.message, entry.attempts + 1)) }
            case .release: self.wake { $0.waiting.insert(entry, at: 0) }
            }
        }
        if isStale { throw OmnibusError(.alreadySettled, "The delivery was settled before.") }
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
