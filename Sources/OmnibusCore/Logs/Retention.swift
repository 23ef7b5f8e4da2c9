// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// How much of a topic's history is kept; the oldest messages go first, and the newest one always stays.
///
/// A limit that is nil does not apply. Only ``maximumAge`` may take the newest message too.
public struct Retention: Sendable, Hashable {
    /// How long a message is kept after it was accepted.
    public var maximumAge: Duration?
    /// How many messages are kept.
    public var maximumCount: Int?
    /// How many bytes are kept: payloads, a typed one with its value, keys, and ``overhead`` for each message.
    public var maximumBytes: Int?

    /// What every message counts for beside its payload and key, in bytes.
    public static let overhead = 128

    /// Creates limits; those left out are the defaults: any age, 65,536 messages and 64 MiB.
    public init(
        maximumAge: Duration? = nil,
        maximumCount: Int? = 65_536,
        maximumBytes: Int? = 64 * 1_024 * 1_024
    ) {
        self.maximumAge = maximumAge
        self.maximumCount = maximumCount
        self.maximumBytes = maximumBytes
    }

    package var findings: [String] {
        var findings: [String] = []
        if let age = self.maximumAge, age <= .zero {
            findings.append("'retention.maximumAge' is \(age); it must be positive, or nil")
        }
        if let count = self.maximumCount, count < 1 {
            findings.append("'retention.maximumCount' is \(count); it must be positive, or nil")
        }
        if let bytes = self.maximumBytes, bytes < 1 {
            findings.append("'retention.maximumBytes' is \(bytes); it must be positive, or nil")
        }
        return findings
    }

    /// What a message counts for.
    ///
    /// - Parameter encoded: how many bytes its payload was encoded to.
    package static func size(of message: Message, encoded: Int) -> Int {
        var size = Self.overhead + encoded + (message.key?.utf8.count ?? 0)
        if case .bytes = message.payload.storage { return size }
        size += message.payload.estimatedSize
        return size
    }
}
