// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// Something to publish to that tries again, compresses, and reports on each message of a batch.
public protocol EventPublisher: EventPublishing {
    /// Publishes messages in order, with their payloads compressed, and reports on each of them.
    func publish(batch: [Message], compression: Compression) async throws -> BatchPublishResult

    /// Publishes a message, and tries again while that fails and may yet succeed.
    @discardableResult
    func publish(_ message: Message, retrying policy: FailurePolicy) async throws -> PublishReceipt

    /// Publishes a message with its payload compressed.
    @discardableResult
    func publish(_ message: Message, compression: Compression) async throws -> PublishReceipt

    /// Counts what has been published so far.
    func publisherMetrics() async throws -> PublisherMetrics
}

extension FailurePolicy {
    /// How publishing is tried again unless said otherwise: four attempts in all, at most 1, 2 and 4 seconds apart, and at
    /// least half of that.
    public static let publishing = FailurePolicy(
        attempts: 4,
        schedule: .exponential(initial: .seconds(1), multiplier: 2, cap: .seconds(30), jitter: .equal)
    )
}

/// What an ``EventPublisher`` has done.
public struct PublisherMetrics: Sendable, Hashable {
    /// Publish calls, every message of a batch and every repetition being one.
    public var published = 0
    /// Publish calls that the provider has refused; what middleware or a codec refuses does not get that far.
    public var refused = 0
    /// Publish calls that repeated one that had failed.
    public var retried = 0
    /// Batches.
    public var batches = 0
    /// Messages that were published with a compression asked for.
    public var compressed = 0
    /// How many bytes their payloads had.
    public var bytesBeforeCompression = 0
    /// How many bytes were published of them; a payload that would not become smaller stays as it is.
    public var bytesAfterCompression = 0

    /// Creates metrics in which nothing has happened.
    public init() {}

    /// How many bytes come of one: 1 where nothing was compressed.
    public var compressionRatio: Double {
        self.bytesBeforeCompression == 0
            ? 1 : Double(self.bytesAfterCompression) / Double(self.bytesBeforeCompression)
    }
}
