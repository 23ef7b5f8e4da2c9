// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import CloudEvents
import OmnibusCore
import OmnibusInMemory
import OmnibusTesting
import Testing

/// A value whose encoding fails.
private struct Unencodable: Encodable, Sendable {
    struct Failure: Error {}
    func encode(to encoder: any Encoder) throws { throw Failure() }
}

/// A value that can be seen to be gone.
private final class Probe: Encodable, Sendable {
    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(1)
    }
}

@Suite("Publishing to retained topics", .timeLimit(.minutes(5)))
struct LogPublishingTests {
    let clock: ManualClock
    let broker: InMemoryBroker

    init() {
        let manual = BusEnvironment.manual()
        self.clock = manual.clock
        self.broker = InMemoryBroker(environment: manual.environment)
    }

    private func history(_ topic: Topic) async throws -> TopicInfo.History {
        try #require(try await self.broker.info(of: topic)?.history)
    }

    @Test("gives each message the next offset, whoever listens")
    func givesOffsets() async throws {
        _ = try await self.broker.createTopic("a", .retained())

        for number in 0..<3 {
            let receipt = try await self.broker.publish(.number(number, to: "a"))
            #expect(receipt.position == Position(offset: Int64(number)))
            #expect(receipt.matched == 0)
        }

        let history = try await self.history("a")
        #expect(history.count == 3)
        #expect(history.earliestOffsets == [0])
        #expect(history.nextOffsets == [3])
        let metrics = try await self.broker.metrics()
        #expect([metrics.published, metrics.unrouted, metrics.refused, metrics.routed] == [3, 3, 0, 0])
    }

    @Test("counts by partition, one key staying in one")
    func countsByPartition() async throws {
        _ = try await self.broker.createTopic("a", .retained(partitions: 4))

        var next = [Int64](repeating: 0, count: 4)
        var byKey: [String: Set<Int>] = [:]
        for number in 0..<40 {
            let key = "k\(number % 5)"
            let position = try #require(try await self.broker.publish(.number(number, to: "a", key: key)).position)
            #expect(position.offset == next[position.partition])
            next[position.partition] += 1
            byKey[key, default: []].insert(position.partition)
        }

        #expect(byKey.values.allSatisfy { $0.count == 1 })
        #expect(try await self.history("a").nextOffsets == next)
    }

    @Test("keeps the newest messages that the limit by count allows")
    func limitsCount() async throws {
        _ = try await self.broker.createTopic("a", .retained(Retention(maximumCount: 3)))
        for number in 0..<10 { try await self.broker.publish(.number(number, to: "a")) }

        let history = try await self.history("a")
        #expect([history.count, Int(history.earliestOffsets[0]), Int(history.nextOffsets[0])] == [3, 7, 10])
    }

    @Test("keeps the newest messages that the limit by bytes allows, and always the last one")
    func limitsBytes() async throws {
        let limit = 3 * (Retention.overhead + 10)
        _ = try await self.broker.createTopic("a", .retained(Retention(maximumBytes: limit)))
        for _ in 0..<5 {
            try await self.broker.publish(Message(topic: "a", bytes: [UInt8](repeating: 1, count: 10)))
        }

        #expect(try await self.history("a").count == 3)
        #expect(try await self.history("a").bytes == limit)
        try await self.broker.publish(Message(topic: "a", bytes: [UInt8](repeating: 1, count: 1_000)))
        let history = try await self.history("a")
        #expect([history.count, history.bytes, Int(history.earliestOffsets[0])] == [1, Retention.overhead + 1_000, 5])
    }

    @Test("forgets what is too old, by the injected clock, and by a clock that never goes back")
    func limitsAge() async throws {
        _ = try await self.broker.createTopic("a", .retained(Retention(maximumAge: .seconds(10))))
        try await self.broker.publish(.number(0, to: "a"))
        self.clock.advance(by: .seconds(6))
        try await self.broker.publish(.number(1, to: "a"))

        self.clock.advance(by: .milliseconds(3_999))
        #expect(try await self.history("a").count == 2)
        self.clock.advance(by: .milliseconds(1))
        #expect(try await self.history("a").earliestOffsets == [1])
        self.clock.advance(by: .seconds(6))
        let history = try await self.history("a")
        #expect([history.count, history.bytes] == [0, 0])
        #expect([history.earliestOffsets, history.nextOffsets] == [[2], [2]])
    }

    @Test("lets go of what is too old, though nobody publishes and nobody reads")
    func releases() async throws {
        _ = try await self.broker.createTopic("a", .retained(Retention(maximumAge: .seconds(10))))
        weak var probe: Probe?
        func publish() async throws {
            let value = Probe()
            probe = value
            try await self.broker.publish(Message(topic: "a", value: value, codec: JSONCodec()))
        }
        try await publish()

        self.clock.advance(by: .milliseconds(9_999))
        #expect(probe != nil)
        self.clock.advance(by: .milliseconds(1))
        #expect(probe == nil)
        #expect(self.clock.pendingTimers == 0)
    }

    @Test("refuses what cannot be encoded, and nothing has changed")
    func refusesUnencodable() async throws {
        _ = try await self.broker.createTopic("a", .retained())
        let message = Message(topic: "a", value: Unencodable(), codec: JSONCodec())

        let error = await expectError(.unencodable) { try await self.broker.publish(message) }

        #expect(error?.message.contains("'a'") == true)
        #expect(error?.cause is Unencodable.Failure)
        #expect(try await self.history("a").nextOffsets == [0])
        let metrics = try await self.broker.metrics()
        #expect([metrics.published, metrics.refused, metrics.unrouted] == [1, 1, 0])
    }

    @Test("holds typed payloads to the limit of size, too")
    func limitsSize() async throws {
        var configuration = TopicConfiguration.retained()
        configuration.maximumMessageSize = 4
        _ = try await self.broker.createTopic("a", configuration)

        await expectError(.tooLarge) {
            try await self.broker.publish(Message(topic: "a", value: "12345", codec: JSONCodec()))
        }
        try await self.broker.publish(Message(topic: "a", value: "12", codec: JSONCodec()))
        #expect(try await self.history("a").count == 1)
    }

    @Test("takes a message only at the expected offset, and says where the topic is")
    func expects() async throws {
        _ = try await self.broker.createTopic("a", .retained(Retention(maximumCount: 1)))

        let first = try await self.broker.publish(.number(0, to: "a"), expecting: .empty)
        try await self.broker.publish(.number(1, to: "a"), expecting: .after(first.position))
        let error = await expectError(.sequenceMismatch) {
            _ = try await self.broker.publish(.number(2, to: "a"), expecting: .next(1))
        }

        #expect(error?.details as? SequenceMismatch == SequenceMismatch(expected: 1, actual: 2))
        #expect(error?.message.contains("'a'") == true)
        await expectError(.sequenceMismatch) {
            _ = try await self.broker.publish(.number(2, to: "a"), expecting: .empty)
        }
        #expect(try await self.history("a").nextOffsets == [2])
        try await self.broker.publish(.number(2, to: "a"), expecting: .next(2))
    }

    @Test("expects no offset where there is none, or more than one")
    func refusesExpectations() async throws {
        _ = try await self.broker.createTopic("several", .retained(partitions: 2))
        _ = try await self.broker.createTopic("none", TopicConfiguration())

        for topic in ["several", "none", "unknown"] as [Topic] {
            let error = await expectError(.invalidSettings) {
                _ = try await self.broker.publish(.number(0, to: topic), expecting: .empty)
            }
            #expect(error?.message.contains("'\(topic)'") == true)
        }
        #expect(try await self.broker.metrics().refused == 3)
    }

    @Test("lets one of two through who expect the same offset, again and again")
    func decidesRaces() async throws {
        _ = try await self.broker.createTopic("a", .retained())
        let rounds = 200

        let won = await withTaskGroup(of: Int.self) { group in
            for writer in 0..<4 {
                group.addTask {
                    var won = 0
                    for round in 0..<rounds {
                        let message = Message.number(writer, to: "a")
                        let next = ExpectedSequence.next(Int64(round))
                        do {
                            _ = try await self.broker.publish(message, expecting: next)
                            won += 1
                        } catch let error as OmnibusError where error.code == .sequenceMismatch {
                            guard let actual = (error.details as? SequenceMismatch)?.actual, actual < round else {
                                continue
                            }
                            // The others are behind: this one waits for its turn by looking again.
                            while ((try? await self.history("a").nextOffsets[0]) ?? 0) < round { await Task.yield() }
                            if (try? await self.broker.publish(message, expecting: next)) != nil { won += 1 }
                        } catch {
                            Issue.record(error)
                        }
                    }
                    return won
                }
            }
            return await group.reduce(0, +)
        }

        #expect(won == rounds)
        #expect(try await self.history("a").nextOffsets == [Int64(rounds)])
    }

    @Test("ends with the topic, and begins anew with the next one")
    func deletes() async throws {
        _ = try await self.broker.createTopic("a", .retained())
        try await self.broker.publish(.number(0, to: "a"))

        #expect(try await self.broker.deleteTopic("a"))
        await expectError(.unknownTopic) { try await self.broker.publish(.number(1, to: "a")) }
        #expect(try await self.broker.info(of: "a" as Topic) == nil)
        _ = try await self.broker.createTopic("a", .retained())
        #expect(try await self.broker.publish(.number(2, to: "a")).position == Position(offset: 0))
        #expect(try await self.history("a").count == 1)
    }

    @Test("keeps less as soon as it is told to, and stays a history")
    func updates() async throws {
        _ = try await self.broker.createTopic("a", .retained())
        for number in 0..<10 { try await self.broker.publish(.number(number, to: "a")) }

        try await self.broker.updateTopic("a", .retained(Retention(maximumCount: 2)))
        #expect(try await self.history("a").earliestOffsets == [8])
        let error = await expectError(.invalidSettings) {
            try await self.broker.updateTopic("a", TopicConfiguration())
        }
        #expect(error?.message.contains("'durability'") == true)
        #expect(try await self.broker.info(of: "a" as Topic)?.configuration.durability == .retained)
    }

    @Test("refuses limits that make no sense, naming them all")
    func refusesNonsense() async throws {
        let error = await expectError(.invalidSettings) {
            let retention = Retention(maximumAge: .zero, maximumCount: 0, maximumBytes: -1)
            _ = try await self.broker.createTopic("a", .retained(retention))
        }
        for name in ["maximumAge", "maximumCount", "maximumBytes"] {
            #expect(error?.message.contains("'retention.\(name)'") == true)
        }
    }

    @Test("leaves no timer behind when the broker is disconnected")
    func leavesNoTimer() async throws {
        _ = try await self.broker.createTopic("a", .retained(Retention(maximumAge: .seconds(10))))
        try await self.broker.publish(.number(0, to: "a"))
        #expect(self.clock.pendingTimers == 1)

        try await self.broker.disconnect()
        #expect(self.clock.pendingTimers == 0)
    }
}
