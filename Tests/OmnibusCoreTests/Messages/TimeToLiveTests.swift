// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import CloudEvents
import OmnibusCore
import Testing

@Suite("Times to live")
struct TimeToLiveTests {
    /// Longer than the components of a duration can say, both ways, and just longer or shorter than allowed.
    static let impossible: [Duration] = [
        .seconds(Int64.max) * 4, .seconds(Int64.min) * 4, .seconds(Int64.max), .seconds(Int64.min), .zero,
        .nanoseconds(-1), Message.maximumTimeToLive + .nanoseconds(1),
    ]

    @Test("that nobody can wait for are refused, by name", arguments: Self.impossible)
    func areRefused(timeToLive: Duration) throws {
        let message = Self.message(timeToLive)
        let error = try #require(throws: OmnibusError.self) { try message.validate() }

        #expect(error.code == .invalidMessage)
        #expect(error.message.contains("time to live"))
    }

    @Test("that are impossible trap nowhere", arguments: Self.impossible)
    func areHarmless(timeToLive: Duration) throws {
        let message = Self.message(timeToLive)

        let expected: Timestamp? =
            timeToLive > .seconds(1_000) ? .latest : timeToLive < .seconds(-1_000) ? .earliest : nil
        if let expected { #expect(message.expiresAt == expected) }
        _ = try message.serialize()
        _ = try message.cloudEvent()
        #expect(message.standardHeaders["ttl_seconds"] != nil)
    }

    @Test("may be as short and as long as documented", arguments: [.nanoseconds(1), Message.maximumTimeToLive])
    func areAccepted(timeToLive: Duration) throws {
        let message = Self.message(timeToLive)

        try message.validate()
        #expect(try Message(deserializing: message.serialize()) == message)
        #expect(try Message(message.cloudEvent()) == message)
    }

    private static func message(_ timeToLive: Duration) -> Message {
        var message = Message(topic: "tasks", payload: 1)
        message.id = "evt-1"
        message.acceptedAt = Timestamp(secondsSinceEpoch: 1_000_000)
        message.timeToLive = timeToLive
        return message
    }
}
