// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// For how long, and how many, messages are remembered so that a repetition of one is noticed.
///
/// What is compared is topic, source and id. Only a message that brings an id of its own can be a repetition: an id
/// that is made when the message is published is a new one each time.
public struct DeduplicationWindow: Sendable, Hashable {
    /// How long an accepted message is remembered.
    public var time: Duration
    /// How many accepted messages are remembered; the oldest one makes room.
    public var count: Int

    /// Creates a window; what is left out is the default, ten minutes and 100,000 messages.
    public init(time: Duration = .seconds(600), count: Int = 100_000) {
        self.time = time
        self.count = count
    }

    package var findings: [String] {
        var findings: [String] = []
        if self.time <= .zero || self.time > .longestWait {
            findings.append("'deduplication.time' is \(self.time); it must be positive, or leave the window out")
        }
        if self.count < 1 || self.count > Int(Int32.max) {
            findings.append(
                "'deduplication.count' is \(self.count); it must be from 1 to \(Int32.max), or leave the window out"
            )
        }
        return findings
    }

    /// The window with its numbers moved into the range that makes sense, for settings that cannot be refused.
    package var bounded: DeduplicationWindow {
        DeduplicationWindow(
            time: min(max(self.time, .nanoseconds(1)), .longestWait),
            count: min(max(self.count, 1), Int(Int32.max))
        )
    }
}
