// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// Something outside of a bus that messages are forwarded to: another bus, an audit log, a push service.
public protocol EventSink: Sendable {
    /// The name under which it is listed in the topology and in reports.
    var name: String { get }

    /// Takes a message; it has it when the call returns.
    ///
    /// It may be given a message again whose acknowledgement was lost. It may suspend: what comes meanwhile waits in a
    /// queue of the sink's own.
    ///
    /// - Throws: whatever kept it from taking the message; the failure policy of the forwarding decides what follows.
    func receive(_ message: Message) async throws
}

/// A sink that is a function.
public struct FunctionSink: EventSink {
    /// The name under which it is listed.
    public let name: String
    private let body: @Sendable (Message) async throws -> Void

    /// Creates a sink of a function.
    public init(_ name: String, _ body: @escaping @Sendable (Message) async throws -> Void) {
        self.name = name
        self.body = body
    }

    /// Calls the function.
    public func receive(_ message: Message) async throws {
        try await self.body(message)
    }
}

/// A sink that is another bus: messages keep their ids, topics and causes.
public struct BusSink: EventSink {
    /// The name under which it is listed.
    public let name: String
    private let bus: EventBus

    /// Creates a sink of a bus.
    ///
    /// Two buses that forward to each other go round in circles, unless their patterns keep them apart.
    public init(_ name: String, _ bus: EventBus) {
        self.name = name
        self.bus = bus
    }

    /// Publishes the message there, and returns once it is accepted.
    ///
    /// - Throws: ``OmnibusError`` as ``EventBus/publish(_:)-(Message)`` does.
    public func receive(_ message: Message) async throws {
        try await self.bus.publishForwarded(message)
    }
}

extension EventBus {
    /// Forwards what is published to sinks, each of which is a subscription of its own.
    ///
    /// A sink that fails or is slow neither stops nor fails the others, nor the publisher: it has its own queue, its own
    /// retries and its own dead letters.
    ///
    /// - Parameters:
    ///   - sinks: where to; of one name there can be several.
    ///   - pipeline: what messages run through before a sink sees them, such as ``MessageTransform/redacting(_:)``. A
    ///     transform that throws fails the attempt.
    ///   - settings: what these subscriptions do differently from the bus.
    /// - Returns: the subscriptions, in the order of the sinks.
    /// - Throws: as for handlers of events; no sink is subscribed then.
    @discardableResult
    public func forward(
        _ pattern: TopicPattern,
        to sinks: [any EventSink],
        through pipeline: TransformPipeline = TransformPipeline(),
        with settings: HandlerSettings = HandlerSettings(),
        file: String = #fileID,
        line: Int = #line
    ) async throws -> [Subscription] {
        var subscriptions: [Subscription] = []
        do {
            for sink in sinks {
                var request = SubscribeRequest(pattern, nil, nil, settings, CallSite(file: file, line: line))
                request.kind = .sink
                request.name = sink.name
                let handling = Handling<Void>(prepare: { _ in () }) { _, delivery in
                    try await sink.receive(try await pipeline.process(delivery.message))
                }
                subscriptions.append(try await self.subscribe(request, handling))
            }
        } catch {
            for subscription in subscriptions { await subscription.cancel() }
            throw error
        }
        return subscriptions
    }

    /// Publishes what another bus has accepted: its causes stay what they are, and nobody's handler publishes it.
    func publishForwarded(_ message: Message) async throws {
        try await DeliveryScope.$binding.withValue(DeliveryScope.Binding(nil)) { _ = try await self.publish(message) }
    }
}
