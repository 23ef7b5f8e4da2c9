// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

extension EventBus: EventPubSub {
    /// Who the bus is for its back end, as the provider was told; nil for the in-memory broker, which asks nobody.
    public var credentials: EventBusCredentials? { self.provider.credentials }

    /// Subscribes a handler to a pattern.
    ///
    /// - Throws: as ``subscribe(to:group:from:with:file:line:handler:)-(_,_,_,_,_,_,(E)->Void)``.
    @discardableResult
    public func subscribe(_ handler: any MessageHandler, to pattern: TopicPattern) async throws -> Subscription {
        try await self.subscribe(to: pattern) { delivery in try await handler.handle(delivery) }
    }

    /// Ends all subscriptions of the bus, observers and taps included, and returns how many there were.
    ///
    /// Once it has returned, no handler of theirs starts; those that run go on to their end. The bus stays open. Who
    /// subscribes meanwhile may be among them or not.
    @discardableResult
    public func clear() async -> Int {
        var count = 0
        for record in self.subscriptions.all where await self.end(record.subscription.id) { count += 1 }
        return count
    }
}

/// The payload of a message as a value of a type, decoded when it is asked for.
public struct MessageEnvelope<Payload: Decodable & Sendable>: EventEnvelope {
    /// The message that carries the payload.
    public let message: Message
    private let codec: any PayloadCodec

    /// Creates an envelope around a message.
    public init(_ message: Message, of type: Payload.Type = Payload.self, codec: any PayloadCodec = JSONCodec()) {
        self.message = message
        self.codec = codec
    }

    /// The payload: the published value itself where it is of this type, else decoded, at every call.
    ///
    /// - Throws: ``OmnibusError`` with the code `undecodable`, whose cause is the codec's error.
    public var payload: Payload {
        get throws(OmnibusError) { try self.message.payload.decode(as: Payload.self, codec: self.codec) }
    }
}

extension Delivery {
    /// The delivery's message as an envelope, for code that knows no more than the payload's type.
    public func envelope<Payload: Decodable & Sendable>(
        of type: Payload.Type = Payload.self,
        codec: any PayloadCodec = JSONCodec()
    ) -> MessageEnvelope<Payload> {
        MessageEnvelope(self.message, of: type, codec: codec)
    }
}
