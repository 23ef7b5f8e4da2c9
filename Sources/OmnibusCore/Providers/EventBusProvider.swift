// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// A back end that moves messages.
///
/// Only ``capabilities-swift.type.property``, ``publish(_:)-(Message)`` and ``subscribe(to:_:)`` are required;
/// everything else throws ``OmnibusError`` with the code `unsupported`, naming the capability, until a provider
/// implements it. What it has implemented is in its capabilities.
public protocol EventBusProvider: Sendable {
    /// What providers of this type can do.
    static var capabilities: ProviderCapabilities { get }

    /// Publishes a message and returns when the provider has accepted it.
    ///
    /// Topics whose first word is `omnibus` are the system's. A provider takes messages for them like any other: the
    /// bus refuses those of users before they get here, and publishes its own this way, such as the notices of dead
    /// letters. Notices that a provider refuses reach the subscriptions of that one bus alone. The in-memory broker
    /// refuses them here, because the bus has another way to it; so a provider that wraps it is such a provider.
    ///
    /// The message's key chooses the partition, where there are partitions.
    @discardableResult
    func publish(_ message: Message) async throws(OmnibusError) -> PublishReceipt

    /// Subscribes to a pattern; the deliveries are pulled from what is returned.
    func subscribe(
        to pattern: TopicPattern,
        _ settings: SubscriptionSettings
    ) async throws(OmnibusError) -> any ProviderSubscription

    /// What this provider can do with what it is connected to; that of its type unless said otherwise.
    var capabilities: ProviderCapabilities { get }

    /// Who the provider says it is when it connects; nil where nobody asks.
    var credentials: EventBusCredentials? { get }

    /// Connects to the back end. A provider that needs no connection has nothing to do.
    func connect() async throws(OmnibusError)

    /// Ends the connection, and every subscription with it.
    func disconnect() async throws(OmnibusError)

    /// Publishes without ever suspending: accepted, to be waited for, or refused.
    func offer(_ message: Message) throws(OmnibusError) -> Offer

    /// Publishes a message on condition that it gets an offset.
    @discardableResult
    func publish(_ message: Message, expecting: ExpectedSequence) async throws(OmnibusError) -> PublishReceipt

    /// Publishes several messages in order and reports on each of them.
    func publish(_ batch: [Message]) async -> BatchPublishResult

    /// Accepts a message that is delivered after or at a time.
    func schedule(_ message: Message, _ time: DeliveryTime) async throws(OmnibusError) -> ScheduledMessage

    /// Lists the messages that wait for their time and whose topics match a pattern, the earliest first.
    func scheduled(of pattern: TopicPattern) async throws(OmnibusError) -> [ScheduledMessage]

    /// Ends a subscription by its id.
    func unsubscribe(_ id: SubscriptionID) async throws(OmnibusError)

    /// Creates a topic with settings; returns false when it is there already with the same settings.
    func createTopic(_ topic: Topic, _ configuration: TopicConfiguration) async throws(OmnibusError) -> Bool

    /// Changes the settings of a topic.
    func updateTopic(_ topic: Topic, _ configuration: TopicConfiguration) async throws(OmnibusError)

    /// Deletes a topic; returns false when there is none.
    func deleteTopic(_ topic: Topic) async throws(OmnibusError) -> Bool

    /// Describes a topic; nil when there is none.
    func info(of topic: Topic) async throws(OmnibusError) -> TopicInfo?

    /// Describes a subscription; nil when there is none.
    func info(of subscription: SubscriptionID) async throws(OmnibusError) -> SubscriptionInfo?

    /// Stops delivering to a subscription, which keeps what it has and what arrives.
    func pause(_ id: SubscriptionID) async throws(OmnibusError)

    /// Goes on delivering to a paused subscription.
    func resume(_ id: SubscriptionID) async throws(OmnibusError)

    /// Has a subscription, with its whole group, go on reading elsewhere.
    func seek(_ id: SubscriptionID, to start: StartPosition) async throws(OmnibusError)

    /// Forgets where a group has got to; returns false when there is nothing to forget.
    func deleteGroup(_ group: String, of pattern: TopicPattern) async throws(OmnibusError) -> Bool

    /// Counts what has happened on the whole provider since it was made.
    func metrics() async throws(OmnibusError) -> BusMetrics

    /// Counts what has happened on one topic.
    func metrics(of topic: Topic) async throws(OmnibusError) -> TopicMetrics
}

extension EventBusProvider {
    /// Nobody in particular.
    public var credentials: EventBusCredentials? { nil }

    /// What providers of the type can do.
    public var capabilities: ProviderCapabilities { Self.capabilities }

    /// Does nothing: there is no connection.
    public func connect() async throws(OmnibusError) {}

    /// Does nothing: there is no connection.
    public func disconnect() async throws(OmnibusError) {}

    /// Throws ``OmnibusError`` with the code `unsupported`.
    public func offer(_ message: Message) throws(OmnibusError) -> Offer {
        throw self.unsupported(.synchronousPublish)
    }

    /// Publishes one message after the other, and reports on each of them.
    public func publish(_ batch: [Message]) async -> BatchPublishResult {
        var results: [BatchPublishResult.Outcome] = []
        results.reserveCapacity(batch.count)
        for message in batch {
            do throws(OmnibusError) {
                results.append(.accepted(try await self.publish(message)))
            } catch {
                results.append(.refused(error))
            }
        }
        return BatchPublishResult(results)
    }

    /// Throws ``OmnibusError`` with the code `unsupported`.
    public func schedule(_ message: Message, _ time: DeliveryTime) async throws(OmnibusError) -> ScheduledMessage {
        throw self.unsupported(.scheduling)
    }

    /// Throws ``OmnibusError`` with the code `unsupported`.
    public func scheduled(of pattern: TopicPattern) async throws(OmnibusError) -> [ScheduledMessage] {
        throw self.unsupported(.scheduling)
    }

    /// Throws ``OmnibusError`` with the code `unsupported`.
    public func unsubscribe(_ id: SubscriptionID) async throws(OmnibusError) {
        throw self.unsupported(.unsubscribeByID)
    }

    /// Throws ``OmnibusError`` with the code `unsupported`.
    public func createTopic(_ topic: Topic, _ configuration: TopicConfiguration) async throws(OmnibusError) -> Bool {
        throw self.unsupported(.topicAdministration)
    }

    /// Throws ``OmnibusError`` with the code `unsupported`.
    public func updateTopic(_ topic: Topic, _ configuration: TopicConfiguration) async throws(OmnibusError) {
        throw self.unsupported(.topicAdministration)
    }

    /// Throws ``OmnibusError`` with the code `unsupported`.
    public func deleteTopic(_ topic: Topic) async throws(OmnibusError) -> Bool {
        throw self.unsupported(.topicAdministration)
    }

    /// Throws ``OmnibusError`` with the code `unsupported`.
    public func info(of topic: Topic) async throws(OmnibusError) -> TopicInfo? {
        throw self.unsupported(.topicInfo)
    }

    /// Throws ``OmnibusError`` with the code `unsupported`.
    public func info(of subscription: SubscriptionID) async throws(OmnibusError) -> SubscriptionInfo? {
        throw self.unsupported(.subscriptionInfo)
    }

    /// Throws ``OmnibusError`` with the code `unsupported`.
    public func pause(_ id: SubscriptionID) async throws(OmnibusError) {
        throw self.unsupported(.pause)
    }

    /// Throws ``OmnibusError`` with the code `unsupported`.
    public func resume(_ id: SubscriptionID) async throws(OmnibusError) {
        throw self.unsupported(.pause)
    }

    /// Throws ``OmnibusError`` with the code `unsupported`.
    @discardableResult
    public func publish(
        _ message: Message,
        expecting: ExpectedSequence
    ) async throws(OmnibusError) -> PublishReceipt {
        throw self.unsupported(.expectedSequence)
    }

    /// Throws ``OmnibusError`` with the code `unsupported`.
    public func seek(_ id: SubscriptionID, to start: StartPosition) async throws(OmnibusError) {
        throw self.unsupported(.startPositions)
    }

    /// Throws ``OmnibusError`` with the code `unsupported`.
    public func deleteGroup(_ group: String, of pattern: TopicPattern) async throws(OmnibusError) -> Bool {
        throw self.unsupported(.startPositions)
    }

    /// Throws ``OmnibusError`` with the code `unsupported`.
    public func metrics() async throws(OmnibusError) -> BusMetrics {
        throw self.unsupported(.metrics)
    }

    /// Throws ``OmnibusError`` with the code `unsupported`.
    public func metrics(of topic: Topic) async throws(OmnibusError) -> TopicMetrics {
        throw self.unsupported(.topicMetrics)
    }

    /// Makes the error for a capability that this provider does not have.
    public func unsupported(_ capability: Capability) -> OmnibusError {
        OmnibusError(
            .unsupported,
            """
            The provider '\(self.capabilities.provider)' does not support '\(capability)'; \
            check 'capabilities' before the call, or choose a provider that declares it.
            """,
            details: capability.rawValue
        )
    }
}

/// What a provider answers to a publish that must not suspend.
public enum Offer: Sendable {
    /// The message has been accepted.
    case accepted(PublishReceipt)
    /// A queue is full; ``WaitToken/wait()`` completes the publish when there is room.
    case wait(WaitToken)
    /// The message has not been accepted and nothing has changed.
    case refused(OmnibusError)
}

/// The rest of a publish that found a queue full.
public struct WaitToken: Sendable {
    private let body: @Sendable () async throws(OmnibusError) -> PublishReceipt
    /// Ends the publish for a caller who cannot wait, and says what has become of it; nil where nothing is known.
    package let giveUp: (@Sendable () -> OmnibusError)?

    /// Creates a token, for those who write a provider.
    public init(_ body: @escaping @Sendable () async throws(OmnibusError) -> PublishReceipt) {
        self.body = body
        self.giveUp = nil
    }

    package init(
        giveUp: @escaping @Sendable () -> OmnibusError,
        _ body: @escaping @Sendable () async throws(OmnibusError) -> PublishReceipt
    ) {
        self.body = body
        self.giveUp = giveUp
    }

    /// Waits until the publish is complete.
    ///
    /// - Throws: ``OmnibusError`` with the code `overflow` when it took too long, `cancelled` when the calling task is
    ///   cancelled, or `partiallyAccepted` when some queues have accepted the message by then.
    public func wait() async throws(OmnibusError) -> PublishReceipt {
        try await self.body()
    }
}
