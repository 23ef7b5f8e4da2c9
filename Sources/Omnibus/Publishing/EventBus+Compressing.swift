// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

extension EventBus {
    /// Publishes a message with its payload compressed, where that makes it smaller.
    ///
    /// The payload is encoded first, so that nothing of it travels as a Swift value, even in memory. Handlers get it as it
    /// was; predicates, overflow policies and journals see it as it travels, with the header `content-encoding`.
    ///
    /// - Throws: as for messages, and ``OmnibusError`` with the code `unsupported` where the bus has no such codec
    ///   (``BusSettings/compression``), `tooLarge` for a payload beyond its limit, `unencodable`, or `invalidMessage` for
    ///   one that is compressed already.
    @discardableResult
    public func publish(_ message: Message, compression: Compression) async throws -> PublishReceipt {
        // Before middleware sees it: what is wrong with the call is not for it to hear of.
        try self.settings.compression.check(compression)
        var sizes = CompressedSizes()
        return try await self.publish(message, compression, &sizes)
    }

    /// Publishes an event with its payload compressed, where that makes it smaller.
    ///
    /// - Throws: as for messages.
    @discardableResult
    public func publish<E: Event>(_ event: E, compression: Compression) async throws -> PublishReceipt {
        try await self.publish(self.message(of: event), compression: compression)
    }

    /// Publishes messages in order, with their payloads compressed where that makes them smaller, and reports on each of
    /// them, and on the sizes of those that were accepted.
    ///
    /// - Throws: ``OmnibusError`` with the code `busClosed`, or `unsupported` where the bus has no such codec: nothing was
    ///   published then. What concerns single messages is in the result.
    @discardableResult
    public func publish(batch: [Message], compression: Compression) async throws -> BatchPublishResult {
        try self.settings.compression.check(compression)
        var sizes = CompressedSizes()
        let result = try await self.publishAll(batch) { try await self.publish($0, compression, &sizes) }
        return BatchPublishResult(
            result.outcomes,
            bytesBeforeCompression: sizes.before,
            bytesAfterCompression: sizes.after
        )
    }

    /// Counts the publish calls: those on the whole provider where that counts, and those of this bus where it compressed
    /// and tried again.
    ///
    /// - Throws: whatever the provider throws.
    public func publisherMetrics() async throws -> PublisherMetrics {
        let bus = try await self.metrics()
        var metrics = self.publisherCounts.metrics
        metrics.published = bus.published
        metrics.refused = bus.refused
        return metrics
    }

    private func publish(
        _ message: Message,
        _ compression: Compression,
        _ sizes: inout CompressedSizes
    ) async throws -> PublishReceipt {
        try message.validate()
        let scope = DeliveryScope.active
        try self.checkOpen(scope)
        var one: CompressedSizes?
        // Behind the middleware, which is to see what is in there.
        let receipt = try await self.settings.publishMiddleware.run(message) { changed in
            try changed.validate()
            let compressed = try self.settings.compression.compressed(changed, with: compression)
            let receipt = try await self.publishToProvider(compressed.message, scope, nil)
            one = compressed.sizes
            return receipt
        }
        if let one {
            sizes.before += one.before
            sizes.after += one.after
            self.publisherCounts.compressed(one)
        }
        return receipt
    }
}
