// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

public import CloudEvents

/// When a message is to be delivered.
public enum DeliveryTime: Sendable, Hashable {
    /// After a time from now, by the clock that never goes back; zero is at once.
    case after(Duration)
    /// At a time of the wall clock; one that has passed is at once.
    ///
    /// It is turned into a time from now once, by the call: setting the wall clock later does not move it.
    case at(Timestamp)

    /// The longest time that a message may wait: ten years.
    public static let longestWait = Duration.seconds(3_650 * 86_400)

    /// How long it is until then; zero or less is at once.
    ///
    /// - Throws: ``OmnibusError`` with the code `invalidSettings` for less than no time, or more than ten years.
    package func delay(from now: Timestamp) throws(OmnibusError) -> Duration {
        switch self {
        case .after(let delay):
            guard delay >= .zero else {
                throw OmnibusError(
                    .invalidSettings,
                    "'after' is \(delay); it must not be negative. Zero delivers at once."
                )
            }
            return try Self.check(delay, "'after' is \(delay)")
        case .at(let time):
            return try Self.check(now.duration(to: time), "'at' is \(time)")
        }
    }

    private static func check(_ delay: Duration, _ finding: String) throws(OmnibusError) -> Duration {
        guard delay <= Self.longestWait else {
            throw OmnibusError(
                .invalidSettings,
                "\(finding); it must be within ten years. Keep later ones in a database, and publish them from there."
            )
        }
        return delay
    }
}

/// A message that was accepted and waits for its time, or has waited.
///
/// Dropping the value cancels nothing.
public struct ScheduledMessage: Sendable, Identifiable {
    /// The id of the message, which it is delivered with.
    public let id: MessageID
    /// The topic that the message goes to.
    public let topic: Topic
    /// When it is due, by the wall clock at the time of the call.
    public let due: Timestamp
    /// Whether the message had been accepted before and was not accepted again; there is nothing to cancel then.
    public let isDuplicate: Bool

    private let withdraw: @Sendable () async throws(OmnibusError) -> Bool

    /// Creates a handle, for those who write a provider.
    ///
    /// - Parameter cancel: keeps the message from being delivered, and returns whether it was in time.
    public init(
        id: MessageID,
        topic: Topic,
        due: Timestamp,
        isDuplicate: Bool = false,
        cancel: @escaping @Sendable () async throws(OmnibusError) -> Bool
    ) {
        self.id = id
        self.topic = topic
        self.due = due
        self.isDuplicate = isDuplicate
        self.withdraw = cancel
    }

    /// Keeps the message from being delivered; it may be called again.
    ///
    /// Where a deduplication window has the message's id, it lets go of it: the message can be published again.
    ///
    /// - Returns: whether it was in time: false once the message was due, or cancelled before. In memory it is decided
    ///   before the call returns; O(1).
    /// - Throws: ``OmnibusError`` of the provider, where that is asked in another process; never in memory.
    @discardableResult
    public func cancel() async throws(OmnibusError) -> Bool {
        try await self.withdraw()
    }
}

extension ScheduledMessage: CustomStringConvertible {
    /// The topic, the id and the time.
    public var description: String { "\(self.topic) (\(self.id)) due at \(self.due)" }
}
