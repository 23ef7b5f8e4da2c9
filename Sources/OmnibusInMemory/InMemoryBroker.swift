// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

public import OmnibusCore

/// A broker that keeps everything in this process: the reference for what a provider promises.
///
/// Calls that change or describe the broker run on the actor; publishing and settling go past it and never queue up
/// behind them.
public actor InMemoryBroker: EventBusProvider {
    /// Bounds of a broker that are not a queue's.
    public struct Limits: Sendable, Hashable {
        /// The largest payload in bytes, checked when bytes exist; topics may have limits of their own.
        public var maximumMessageSize: Int
        /// How many dead letters are kept; the oldest one makes room.
        public var deadLetters: Int
        /// How many bytes the dead letters take, by estimate; the oldest ones make room, and the newest always stays.
        public var deadLetterBytes: Int
        /// How many messages may wait for their time; scheduling more is refused.
        public var scheduledMessages: Int
        /// How many bytes the messages that wait for their time may have in all.
        public var scheduledBytes: Int

        /// The window in which repetitions are noticed on topics that have none of their own; nil is none.
        public var deduplication: DeduplicationWindow?
        /// How long topics that keep a history keep a message, where their own settings do not say it; nil is any age.
        public var maximumAge: Duration?

        /// Creates limits; those left out are the defaults: 1 MiB, 10,000 dead letters and 64 MiB of them, 100,000
        /// scheduled messages and 64 MiB of them, no deduplication, and histories of any age. Numbers below 1 count as 1,
        /// an age that is not positive as none.
        public init(
            maximumMessageSize: Int = 1_024 * 1_024,
            deadLetters: Int = 10_000,
            deadLetterBytes: Int = 64 * 1_024 * 1_024,
            scheduledMessages: Int = 100_000,
            scheduledBytes: Int = 64 * 1_024 * 1_024,
            deduplication: DeduplicationWindow? = nil,
            maximumAge: Duration? = nil
        ) {
            self.maximumMessageSize = max(maximumMessageSize, 1)
            self.deadLetters = max(deadLetters, 1)
            self.deadLetterBytes = max(deadLetterBytes, 1)
            self.scheduledMessages = max(scheduledMessages, 1)
            self.scheduledBytes = max(scheduledBytes, 1)
            self.deduplication = deduplication?.bounded
            self.maximumAge = maximumAge.flatMap { $0 > .zero ? $0 : nil }
        }
    }

    /// What this broker can do.
    public static let capabilities = ProviderCapabilities(
        provider: "in_memory",
        abilities: [
            .wildcards, .groups, .synchronousPublish, .topicAdministration, .partitions, .topicInfo, .subscriptionInfo,
            .unsubscribeByID, .pause, .metrics, .topicMetrics, .acknowledgement, .attemptCount, .delayedRedelivery,
            .ackDeadline, .timeToLive, .priority, .deadLetters, .matchCount, .overflow, .throttle, .strictOrder,
            .scheduling, .deduplication, .predicates, .retainedTopics, .startPositions,
            .expectedSequence,
        ],
        // Every member that there can be is in this process.
        keyExclusivity: .global
    )

    /// What works without the actor.
    package nonisolated let core: BrokerCore

    /// Creates a broker with no topics and no subscriptions.
    ///
    /// - Parameter deadLetterTopic: where it is told that a message was given up on.
    public init(
        environment: BusEnvironment = .live,
        limits: Limits = Limits(),
        deadLetterTopic: DeadLetterTopic = .perTopic
    ) {
        self.core = BrokerCore(environment: environment, limits: limits, deadLetterTopic: deadLetterTopic)
    }

    deinit {
        // Workers that wait on a queue of a broker that nobody has any more would wait for ever.
        self.core.close()
    }

    // MARK: Publishing

    /// Publishes a message and returns once every matching queue has accepted it.
    ///
    /// - Throws: ``OmnibusError`` with the code `invalidMessage`, `invalidHeader`, `invalidTopic`, `tooLarge`,
    ///   `overflow`, `partiallyAccepted`, `cancelled`, `unknownTopic` for a deleted topic, or `busClosed`.
    @discardableResult
    public nonisolated func publish(_ message: Message) async throws(OmnibusError) -> PublishReceipt {
        switch try self.offer(message) {
        case .accepted(let receipt): return receipt
        case .wait(let token): return try await token.wait()
        case .refused(let error): throw error
        }
    }

    /// Publishes a message without suspending, or says what would have to be waited for.
    ///
    /// - Throws: as for publishing; a full queue that suspends is no error here.
    public nonisolated func offer(_ message: Message) throws(OmnibusError) -> Offer {
        try message.validate()
        return try self.core.offer(message, origin: 0, cause: DeliveryScope.active?.rareEntry)
    }

    /// Accepts a message that is delivered after or at a time.
    ///
    /// What waits is bounded by the broker's limits. Its time to live, its route and its position begin when it is due;
    /// it is then delivered even to queues that are full, because it was accepted before. Messages due at the same time
    /// are delivered in the order of the calls. One whose time has come already is published as any other.
    ///
    /// - Throws: ``OmnibusError`` with the code `invalidSettings` for a time that is negative or more than ten years
    ///   away, `overflow` when too much waits already, and what publishing throws.
    public nonisolated func schedule(
        _ message: Message,
        _ time: DeliveryTime
    ) async throws(OmnibusError) -> ScheduledMessage {
        try message.validate()
        return try await self.core.schedule(
            message,
            time,
            origin: 0,
            cause: DeliveryScope.active?.rareEntry,
            owner: nil
        )
    }

    /// Lists the messages that wait for their time and whose topics match a pattern, the earliest first; O(n log n).
    public nonisolated func scheduled(of pattern: TopicPattern) async throws(OmnibusError) -> [ScheduledMessage] {
        self.core.scheduled(of: pattern)
    }

    /// Publishes a message to a topic that keeps a history, on condition that it gets an offset.
    ///
    /// Whether it does is decided together with the append: of two who expect the same offset, one is refused.
    ///
    /// - Throws: ``OmnibusError`` as for publishing, with the code `sequenceMismatch` when the next offset is another
    ///   one (`details` is a ``SequenceMismatch``), or `invalidSettings` when the topic keeps no history or has several
    ///   partitions. Nothing has changed then.
    @discardableResult
    public nonisolated func publish(
        _ message: Message,
        expecting expected: ExpectedSequence
    ) async throws(OmnibusError) -> PublishReceipt {
        try message.validate()
        let cause = DeliveryScope.active?.rareEntry
        switch try self.core.offer(message, origin: 0, cause: cause, expecting: expected) {
        case .accepted(let receipt): return receipt
        case .wait(let token): return try await token.wait()
        case .refused(let error): throw error
        }
    }

    // MARK: Subscribing

    /// Subscribes to a pattern; with a group, joins its queue.
    ///
    /// - Throws: ``OmnibusError`` with the code `invalidSettings`, `groupMismatch` or `busClosed`.
    public func subscribe(
        to pattern: TopicPattern,
        _ settings: SubscriptionSettings
    ) async throws(OmnibusError) -> any ProviderSubscription {
        let (lane, id) = try self.core.subscribe(to: pattern, settings, layout: MessageLayout())
        return LaneSubscription(lane: lane, id: id, control: MemoryControl(core: self.core), host: self.core)
    }

    /// Ends a subscription by its id.
    ///
    /// - Throws: ``OmnibusError`` with the code `unknownSubscription`.
    public func unsubscribe(_ id: SubscriptionID) async throws(OmnibusError) {
        guard self.core.unsubscribe(id) else { throw self.core.unknown(id) }
    }

    /// Stops delivering to a subscription; what arrives is kept within its queue's bounds.
    ///
    /// - Throws: ``OmnibusError`` with the code `unknownSubscription`.
    public func pause(_ id: SubscriptionID) async throws(OmnibusError) {
        try self.core.setPaused(true, id)
    }

    /// Goes on delivering to a paused subscription.
    ///
    /// - Throws: ``OmnibusError`` with the code `unknownSubscription`.
    public func resume(_ id: SubscriptionID) async throws(OmnibusError) {
        try self.core.setPaused(false, id)
    }

    /// Has a subscription, with its whole group, go on reading elsewhere on topics that keep a history.
    ///
    /// - Throws: ``OmnibusError`` with the code `unknownSubscription`, or `invalidSettings` for an offset where there
    ///   are several partitions or topics, or that no message can have yet.
    public func seek(_ id: SubscriptionID, to start: StartPosition) async throws(OmnibusError) {
        try self.core.seek(id, to: start)
    }

    /// Forgets where a group has got to on topics that keep a history; returns false when there is nothing to forget.
    ///
    /// - Throws: ``OmnibusError`` with the code `invalidSettings` when the group has members.
    public func deleteGroup(_ group: String, of pattern: TopicPattern) async throws(OmnibusError) -> Bool {
        try self.core.deleteGroup(group, of: pattern)
    }

    // MARK: Topics

    /// Creates a topic; returns false when it is there already with the same settings.
    ///
    /// Subscriptions whose pattern matches read the history of a retained topic from its beginning.
    ///
    /// - Throws: ``OmnibusError`` with the code `invalidSettings` when it is there with other settings, `invalidTopic`
    ///   for a topic of the system, or `unsupported` for a topic that keeps its history in a journal.
    public func createTopic(_ topic: Topic, _ configuration: TopicConfiguration) async throws(OmnibusError) -> Bool {
        try self.check(topic, configuration)
        return try self.core.create(topic, configuration)
    }

    /// Changes the settings of a topic that was created, all but the number of partitions and the durability.
    ///
    /// Where less is to be kept than there is, the oldest messages go at once.
    ///
    /// - Throws: ``OmnibusError`` with the code `unknownTopic`, or as for creating it.
    public func updateTopic(_ topic: Topic, _ configuration: TopicConfiguration) async throws(OmnibusError) {
        try self.check(topic, configuration)
        try self.core.update(topic, configuration)
    }

    /// Deletes a topic, to which nothing can be published until it is created; returns false when there is none.
    ///
    /// A history is dropped; what its readers had not read of it counts as missed.
    public func deleteTopic(_ topic: Topic) async throws(OmnibusError) -> Bool {
        self.core.delete(topic)
    }

    private func check(_ topic: Topic, _ configuration: TopicConfiguration) throws(OmnibusError) {
        try configuration.validate()
        guard !topic.isSystem else {
            throw OmnibusError(.invalidTopic, "'\(topic)' belongs to the system; create a topic of your own.")
        }
        guard configuration.accessControl == nil else { throw self.unsupported(.accessControl) }
        switch configuration.durability {
        case .ephemeral, .retained: break
        case .persistent: throw self.unsupported(.persistentTopics)
        }
    }

    // MARK: Describing

    /// Describes a topic; nil when there is none.
    public func info(of topic: Topic) async throws(OmnibusError) -> TopicInfo? {
        self.core.info(of: topic)
    }

    /// Describes a subscription; nil when there is none.
    public func info(of subscription: SubscriptionID) async throws(OmnibusError) -> SubscriptionInfo? {
        self.core.info(of: subscription)
    }

    /// Counts what has happened since the broker was made; O(topics and queues).
    public func metrics() async throws(OmnibusError) -> BusMetrics {
        self.core.metrics
    }

    /// Counts what has happened on one topic.
    ///
    /// - Throws: ``OmnibusError`` with the code `unknownTopic` when nothing was published to it and nobody created it.
    public func metrics(of topic: Topic) async throws(OmnibusError) -> TopicMetrics {
        guard let metrics = self.core.metrics(of: topic) else {
            throw OmnibusError(.unknownTopic, "There is no topic '\(topic)'; nothing was published to it.")
        }
        return metrics
    }

    // MARK: Ending

    /// Ends every subscription and refuses whatever comes after. A broker that was disconnected stays so.
    public func disconnect() async throws(OmnibusError) {
        self.core.close()
    }
}
