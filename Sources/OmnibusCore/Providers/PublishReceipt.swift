// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// What a publish returns once the message has been accepted.
public struct PublishReceipt: Sendable, Hashable {
    /// The id that the accepted message has.
    public var messageID: MessageID
    /// How many groups and observers the message was routed to; nil where the provider cannot know.
    public var matched: Int?
    /// Where the message stands in its topic's history; nil where the topic keeps none.
    public var position: Position?
    /// Whether the message had been accepted before and was not accepted again.
    public var isDuplicate: Bool

    /// Creates a receipt, for those who write a provider.
    @inlinable
    public init(messageID: MessageID, matched: Int?, position: Position? = nil, isDuplicate: Bool = false) {
        self.messageID = messageID
        self.matched = matched
        self.position = position
        self.isDuplicate = isDuplicate
    }
}

/// What became of each message of a batch.
public struct BatchPublishResult: Sendable {
    /// What became of one message.
    public enum Outcome: Sendable {
        /// The message was accepted, with this receipt.
        case accepted(PublishReceipt)
        /// It was not, and nothing has changed because of it.
        case refused(OmnibusError)
    }

    /// The 128 bits of an id that was made for a message of the batch.
    package struct IDBits: Sendable {
        package var high: UInt64
        package var low: UInt64

        package init(high: UInt64, low: UInt64) {
            self.high = high
            self.low = low
        }
    }

    private enum Storage: Sendable {
        /// Each was accepted by so many queues; the receipts are made when somebody asks.
        case accepted([IDBits], matched: Int)
        case outcomes([Outcome])
    }

    private let storage: Storage
    /// How many messages were accepted.
    public let successCount: Int
    /// How many bytes the payloads of those had; nil where no compression was asked for, and nobody counted.
    public let bytesBeforeCompression: Int?
    /// How many bytes were published of them; nil where no compression was asked for.
    public let bytesAfterCompression: Int?

    /// Creates the result of publishing several messages, from one outcome each.
    public init(
        _ outcomes: [Outcome],
        bytesBeforeCompression: Int? = nil,
        bytesAfterCompression: Int? = nil
    ) {
        self.storage = .outcomes(outcomes)
        self.bytesBeforeCompression = bytesBeforeCompression
        self.bytesAfterCompression = bytesAfterCompression
        self.successCount = outcomes.count { if case .accepted = $0 { true } else { false } }
    }

    /// Creates the result of a batch that was accepted whole.
    package init(accepted ids: [IDBits], matched: Int) {
        self.storage = .accepted(ids, matched: matched)
        self.bytesBeforeCompression = nil
        self.bytesAfterCompression = nil
        self.successCount = ids.count
    }

    /// What became of each message, in the order of the batch; O(messages).
    public var outcomes: [Outcome] {
        switch self.storage {
        case .outcomes(let outcomes): outcomes
        case .accepted(let ids, let matched): ids.map { .accepted($0.receipt(matched: matched)) }
        }
    }

    /// How many messages there were.
    public var count: Int {
        switch self.storage {
        case .outcomes(let outcomes): outcomes.count
        case .accepted(let ids, _): ids.count
        }
    }

    /// How many messages were refused.
    public var failureCount: Int { self.count - self.successCount }

    /// The receipts of the messages that were accepted, in order.
    public var receipts: [PublishReceipt] {
        self.outcomes.compactMap { if case .accepted(let receipt) = $0 { receipt } else { nil } }
    }

    /// The errors of the messages that were refused, in order.
    public var errors: [OmnibusError] {
        self.outcomes.compactMap { if case .refused(let error) = $0 { error } else { nil } }
    }
}

extension BatchPublishResult.IDBits {
    package func receipt(matched: Int) -> PublishReceipt {
        PublishReceipt(messageID: MessageID(high: self.high, low: self.low), matched: matched)
    }
}

/// Which queues have not accepted a message that others have; the `details` of a `partiallyAccepted` error.
public struct PartialAcceptance: Sendable {
    /// What the queues that have the message answered.
    public var receipt: PublishReceipt
    /// The names of the queues that do not have it.
    public var missing: [String]

    private let rest: (@Sendable () async throws(OmnibusError) -> PublishReceipt)?

    /// Creates a report of a receipt, and of those who did not accept the message, for those who write a provider.
    ///
    /// - Parameter resume: publishes to those alone; nil where the provider cannot.
    public init(
        receipt: PublishReceipt,
        missing: [String],
        resume: (@Sendable () async throws(OmnibusError) -> PublishReceipt)? = nil
    ) {
        self.receipt = receipt
        self.missing = missing
        self.rest = resume
    }

    /// Publishes the message to the queues alone that do not have it, with the same id and position.
    ///
    /// It counts as part of the call that began, and waits for room as that did. Those that have ended meanwhile are
    /// left out. Once all have the message, it returns the same receipt again and does nothing. Of several calls at
    /// once, one goes on and the others wait for it; what it leaves over is theirs.
    ///
    /// - Returns: the receipt of the whole publish: how many queues and observers have the message now.
    /// - Throws: ``OmnibusError`` with the code `partiallyAccepted` when queues are still full, or the calling task was
    ///   cancelled meanwhile, with details to go on from there; `cancelled` when the task was cancelled before anything
    ///   was done; or `unsupported` when the provider cannot resume.
    @discardableResult
    public func resume() async throws(OmnibusError) -> PublishReceipt {
        guard let rest = self.rest else {
            throw OmnibusError(
                .unsupported,
                """
                The provider cannot publish to those alone that have not got the message; publish it again, \
                and have handlers recognise the id.
                """,
                details: "resume"
            )
        }
        return try await rest()
    }
}
