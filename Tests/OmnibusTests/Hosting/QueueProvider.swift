// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import Synchronization

/// A provider in this process that does as much as a test says, and no more: publishing, and a list per subscription.
final class QueueProvider: EventBusProvider {
    static let capabilities = ProviderCapabilities(provider: "queue", abilities: [])

    let capabilities: ProviderCapabilities
    private let all = Mutex<[QueueSubscription]>([])
    private let clock: any BusClock

    init(_ abilities: Set<Capability>, keyExclusivity: KeyExclusivity = .none, clock: any BusClock) {
        self.capabilities = ProviderCapabilities(
            provider: "queue",
            abilities: abilities,
            keyExclusivity: keyExclusivity
        )
        self.clock = clock
    }

    /// Every subscription that there was, in order.
    var subscriptions: [QueueSubscription] { self.all.withLock { $0 } }

    func publish(_ message: Message) async throws(OmnibusError) -> PublishReceipt {
        for subscription in self.subscriptions where subscription.pattern.matches(message.topic) {
            subscription.add(message)
        }
        return PublishReceipt(messageID: message.id, matched: nil)
    }

    func subscribe(
        to pattern: TopicPattern,
        _ settings: SubscriptionSettings
    ) async throws(OmnibusError) -> any ProviderSubscription {
        self.all.withLock { subscriptions in
            let subscription = QueueSubscription(
                id: SubscriptionID(rawValue: "queue-\(subscriptions.count + 1)"),
                pattern: pattern,
                settings: settings,
                capabilities: self.capabilities,
                clock: self.clock
            )
            subscriptions.append(subscription)
            return subscription
        }
    }
}

/// A list of messages of a ``QueueProvider``.
final class QueueSubscription: ProviderSubscription, SubscriptionControl {
    typealias Item = (message: Message, attempts: Int)

    private struct State {
        var waiting: [Item] = []
        var inFlight: [DeliveryToken: Item] = [:]
        var handedOut = 0
        var largestInFlight = 0
        var lastToken: UInt32 = 0
        var isEnded = false
        var receivers: [Pending<Bool>] = []
        var actions: [Settlement.Action] = []
        var calls = 0
    }

    let id: SubscriptionID
    let pattern: TopicPattern
    let settings: SubscriptionSettings
    private let capabilities: ProviderCapabilities
    private let clock: any BusClock
    private let state = Mutex(State())

    init(
        id: SubscriptionID,
        pattern: TopicPattern,
        settings: SubscriptionSettings,
        capabilities: ProviderCapabilities,
        clock: any BusClock
    ) {
        self.id = id
        self.pattern = pattern
        self.settings = settings
        self.capabilities = capabilities
        self.clock = clock
    }

    // MARK: What tests look at

    /// Messages that were not handed out, or came back.
    var waiting: [Message] { self.state.withLock { $0.waiting.map(\.message) } }
    /// Messages that were handed out and are not settled; none where there is no acknowledgement.
    var inFlight: Int { self.state.withLock { $0.inFlight.count } }
    /// How many were handed out and not settled at most.
    var largestInFlight: Int { self.state.withLock { $0.largestInFlight } }
    /// How often a message was handed out.
    var handedOut: Int { self.state.withLock { $0.handedOut } }
    /// What was settled how, in order.
    var actions: [Settlement.Action] { self.state.withLock { $0.actions } }
    /// In how many calls that was.
    var settleCalls: Int { self.state.withLock { $0.calls } }
    var isEnded: Bool { self.state.withLock { $0.isEnded } }

    /// Hands out again what was not settled, as a server does whose client has lost its connection.
    func crash() {
        self.wake { state in
            let lost = state.inFlight.sorted { $0.key.slot < $1.key.slot }.map(\.value)
            state.inFlight = [:]
            state.waiting.insert(contentsOf: lost.map { ($0.message, $0.attempts + 1) }, at: 0)
        }
    }

    /// Ends it from the provider's side.
    func end() {
        self.wake { $0.isEnded = true }
    }

    // MARK: What the bus calls

    func add(_ message: Message) {
        self.wake { $0.waiting.append((message, 0)) }
    }

    func receive(upTo count: Int) async throws(OmnibusError) -> [Delivery] {
        while true {
            if Task.isCancelled { throw OmnibusError(.cancelled, "The task was cancelled.") }
            let pending = Pending<Bool>()
            let deliveries = self.state.withLock { state -> [Delivery]? in
                if state.isEnded { return [] }
                guard !state.waiting.isEmpty else {
                    state.receivers.append(pending)
                    return nil
                }
                return (0..<min(count, state.waiting.count)).map { _ in self.handOut(&state) }
            }
            if let deliveries { return deliveries }
            _ = await pending.value(whenCancelled: false)
        }
    }

    private func handOut(_ state: inout State) -> Delivery {
        let item = state.waiting.removeFirst()
        state.lastToken += 1
        state.handedOut += 1
        let token = DeliveryToken(slot: state.lastToken, generation: 0)
        if self.capabilities.has(.acknowledgement) { state.inFlight[token] = item }
        state.largestInFlight = max(state.largestInFlight, state.inFlight.count)
        return Delivery(
            message: item.message,
            attempt: self.capabilities.has(.attemptCount) ? item.attempts + 1 : 1,
            subscription: Subscription(id: self.id, pattern: self.pattern, group: nil, control: self),
            token: token,
            settler: self
        )
    }

    func settle(_ settlements: [Settlement]) throws(OmnibusError) {
        self.state.withLock { $0.calls += 1 }
        var isStale = false
        for settlement in settlements {
            let item = self.state.withLock { state in
                state.actions.append(settlement.action)
                return state.inFlight.removeValue(forKey: settlement.delivery)
            }
            guard let item else {
                isStale = true
                continue
            }
            switch settlement.action {
            case .ack, .deadLetter, .extend: break
            case .release: self.wake { $0.waiting.insert(item, at: 0) }
            case .nack(let delay, _):
                self.clock.schedule(at: self.clock.uptime() + (delay ?? .zero)) {
                    self.wake { $0.waiting.insert((item.message, item.attempts + 1), at: 0) }
                }
            }
        }
        if isStale { throw OmnibusError(.leaseLost, "The delivery was taken back.") }
    }

    func flush() async throws(OmnibusError) {}

    func cancel() async {
        self.wake { state in
            state.isEnded = true
            state.waiting.insert(contentsOf: state.inFlight.values, at: 0)
            state.inFlight = [:]
        }
    }

    func hasMore(received: Int, unsettled: Int) -> Bool? {
        self.state.withLock { $0.handedOut + $0.waiting.count > received }
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
