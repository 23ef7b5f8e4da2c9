// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusTesting
import Synchronization

/// The in-memory broker with a fault, or with none.
final class FaultyProvider: EventBusProvider {
    static let capabilities = InMemoryBroker.capabilities

    private struct State {
        /// How many messages were published to each topic.
        var counts: [Topic: Int] = [:]
        /// A message that is published after the next one.
        var heldBack: Message?
        var firstIDs: [Topic: MessageID] = [:]
        /// The settings that the first member of a group asked for.
        var groups: [String: SubscriptionSettings] = [:]
        var hasEnded = false
    }

    let broker: InMemoryBroker
    let fault: Fault?
    /// What it does not declare.
    let lacking: Capability?
    /// What was taken from messages that are on their way, by their id.
    let hidden = Mutex<[MessageID: (timeToLive: Duration?, priority: Priority)]>([:])
    private let state = Mutex(State())

    init(_ fault: Fault?, lacking: Capability? = nil, _ environment: BusEnvironment) {
        self.fault = fault
        self.lacking = lacking
        self.broker = InMemoryBroker(environment: environment)
    }

    var capabilities: ProviderCapabilities {
        var capabilities = Self.capabilities
        capabilities.provider = self.fault?.rawValue ?? "wrapped"
        if self.fault == .pausesSilently { capabilities.abilities.remove(.pause) }
        if let lacking = self.lacking { capabilities.abilities.remove(lacking) }
        return capabilities
    }

    // MARK: Publishing

    func publish(_ message: Message) async throws(OmnibusError) -> PublishReceipt {
        try message.validate()
        var message = message
        let count = self.state.withLock { state in
            state.counts[message.topic, default: 0] += 1
            return state.counts[message.topic, default: 0]
        }
        switch self.fault {
        case .losesEverySeventhMessage where count % 7 == 0:
            return PublishReceipt(messageID: message.id, matched: 1)
        case .deliversEveryEighthMessageTwice where count % 8 == 0:
            if !message.id.isAssigned { message.id = MessageID("twice \(count)") }
            try await self.broker.publish(message)
        case .swapsTwoMessages where count == 9:
            self.state.withLock { $0.heldBack = message }
            return PublishReceipt(messageID: message.id, matched: 1)
        case .swapsTwoMessages where count == 10:
            let receipt = try await self.broker.publish(message)
            if let heldBack = self.state.withLock({ $0.heldBack }) { try await self.broker.publish(heldBack) }
            return receipt
        case .forgetsHeaders:
            message.headers = MessageHeaders()
        case .cutsLongPayloads:
            if case .bytes(let bytes) = message.payload.storage, bytes.count > 65_536 {
                message.payload = Payload(bytes: bytes.prefix(65_536))
            }
        case .usesAnIDAgain where count == 1 && message.id.isAssigned:
            self.state.withLock { $0.firstIDs[message.topic] = message.id }
        case .usesAnIDAgain where count == 1:
            let receipt = try await self.broker.publish(message)
            self.state.withLock { $0.firstIDs[message.topic] = receipt.messageID }
            return receipt
        case .usesAnIDAgain where count == 2:
            if let id = self.state.withLock({ $0.firstIDs[message.topic] }) { message.id = id }
        case .ignoresTimeToLive where message.timeToLive != nil, .ignoresPriority where message.priority == .critical:
            self.hide(&message)
        case .acceptsMessagesAfterTheEnd where self.state.withLock({ $0.hasEnded }):
            return PublishReceipt(messageID: message.id, matched: 0)
        default:
            break
        }
        var receipt = try await self.broker.publish(message)
        if self.fault == .countsMembersForGroups {
            receipt.matched = try await self.broker.info(of: message.topic)?.subscriptionCount ?? 0
        }
        return receipt
    }

    private func hide(_ message: inout Message) {
        if !message.id.isAssigned { message.id = MessageID("hidden \(self.hidden.withLock { $0.count })") }
        let (id, timeToLive, priority) = (message.id, message.timeToLive, message.priority)
        self.hidden.withLock { $0[id] = (timeToLive, priority) }
        if self.fault == .ignoresTimeToLive { message.timeToLive = nil }
        if self.fault == .ignoresPriority { message.priority = .normal }
    }

    func offer(_ message: Message) throws(OmnibusError) -> Offer { try self.broker.offer(message) }

    func publish(_ message: Message, expecting: ExpectedSequence) async throws(OmnibusError) -> PublishReceipt {
        if self.fault == .ignoresWhatIsExpected { return try await self.broker.publish(message) }
        return try await self.broker.publish(message, expecting: expecting)
    }

    func schedule(_ message: Message, _ time: DeliveryTime) async throws(OmnibusError) -> ScheduledMessage {
        var time = time
        if self.fault == .schedulesTooEarly, case .after(let delay) = time { time = .after(delay / 2) }
        let scheduled = try await self.broker.schedule(message, time)
        guard self.fault == .cancelsNothing else { return scheduled }
        let answers = Mutex([false, true])
        return ScheduledMessage(id: scheduled.id, topic: scheduled.topic, due: scheduled.due) {
            () async throws(OmnibusError) in answers.withLock { $0.popLast() ?? false }
        }
    }

    func scheduled(of pattern: TopicPattern) async throws(OmnibusError) -> [ScheduledMessage] {
        try await self.broker.scheduled(of: pattern)
    }

    // MARK: Subscribing

    func subscribe(
        to pattern: TopicPattern,
        _ settings: SubscriptionSettings
    ) async throws(OmnibusError) -> any ProviderSubscription {
        var settings = settings
        var pattern = pattern
        switch self.fault {
        case .takesStarForHash where pattern.description.hasSuffix(".*"):
            pattern = try TopicPattern(validating: pattern.description.dropLast() + "#")
        case .ignoresTheGroup:
            try settings.validate()
            settings.group = nil
        case .joinsWhateverTheSettings:
            if let group = settings.group {
                let (key, own) = ("\(group) \(pattern)", settings)
                try own.validate()
                settings = self.state.withLock { state in
                    let first = state.groups[key] ?? own
                    state.groups[key] = first
                    return first
                }
            }
        case .dropsTheNewestForTheOldest where settings.overflow == .dropOldest:
            settings.overflow = .dropNewest
        case .ignoresPredicates:
            settings.predicate = nil
        case .mendsBounds where settings.bounds.count < 1:
            settings.bounds = QueueBounds(count: 1)
        default:
            break
        }
        return FaultySubscription(try await self.broker.subscribe(to: pattern, settings), self)
    }

    func unsubscribe(_ id: SubscriptionID) async throws(OmnibusError) { try await self.broker.unsubscribe(id) }

    func pause(_ id: SubscriptionID) async throws(OmnibusError) {
        if self.fault == .pausesSilently { return }
        try await self.broker.pause(id)
        if self.fault == .ignoresPause { try await self.broker.resume(id) }
    }

    func resume(_ id: SubscriptionID) async throws(OmnibusError) {
        if self.fault == .pausesSilently { return }
        try await self.broker.resume(id)
    }

    // MARK: Topics

    func createTopic(_ topic: Topic, _ configuration: TopicConfiguration) async throws(OmnibusError) -> Bool {
        var configuration = configuration
        try configuration.validate()
        if self.fault == .noticesNoRepetition { configuration.deduplication = nil }
        return try await self.broker.createTopic(topic, configuration)
    }

    func updateTopic(_ topic: Topic, _ configuration: TopicConfiguration) async throws(OmnibusError) {
        try await self.broker.updateTopic(topic, configuration)
    }

    func deleteTopic(_ topic: Topic) async throws(OmnibusError) -> Bool { try await self.broker.deleteTopic(topic) }

    func info(of topic: Topic) async throws(OmnibusError) -> TopicInfo? { try await self.broker.info(of: topic) }

    func info(of subscription: SubscriptionID) async throws(OmnibusError) -> SubscriptionInfo? {
        var info = try await self.broker.info(of: subscription)
        if self.fault == .countsWhatIsInFlightAsWaiting, let inFlight = info?.inFlight { info?.waiting += inFlight }
        return info
    }

    func metrics() async throws(OmnibusError) -> BusMetrics {
        var metrics = try await self.broker.metrics()
        if self.fault == .countsAnOfferTwice { metrics.queues.offered += 1 }
        return metrics
    }

    func metrics(of topic: Topic) async throws(OmnibusError) -> TopicMetrics {
        try await self.broker.metrics(of: topic)
    }

    func disconnect() async throws(OmnibusError) {
        self.state.withLock { $0.hasEnded = true }
        try await self.broker.disconnect()
    }
}
