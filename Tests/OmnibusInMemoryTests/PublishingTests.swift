// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusCore
import OmnibusInMemory
import OmnibusTesting
import Testing

@Suite("Publishing to the in-memory broker", .timeLimit(.minutes(5)))
struct PublishingTests {
    let broker = InMemoryBroker()

    @Test("happens in synchronous code: no publish waits for the actor")
    func isSynchronous() throws {
        func publish(_ message: Message) throws -> Offer { try self.broker.offer(message) }

        guard case .accepted(let receipt) = try publish(.number(1, to: "a")) else {
            Issue.record("The message was not accepted.")
            return
        }
        #expect(receipt.matched == 0)
        #expect(receipt.position == nil)
        #expect(!receipt.isDuplicate)
    }

    @Test("offers a token to wait with when a queue is full, and nothing is lost")
    func offersToken() async throws {
        let settings = SubscriptionSettings(bounds: QueueBounds(count: 1))
        let subscription = try await self.broker.subscribe(to: "a", settings)
        try await self.broker.publish(.number(1, to: "a"))
        guard case .wait(let token) = try self.broker.offer(.number(2, to: "a")) else {
            Issue.record("The full queue has taken a message.")
            return
        }

        async let receipt = token.wait()
        #expect(try await subscription.receive(upTo: 1).map(\.message.number) == [1])
        #expect(try await receipt.matched == 1)
        #expect(try await subscription.receive(upTo: 1).map(\.message.number) == [2])
    }

    @Test("gives ids in the order of publishing, and the time of acceptance")
    func givesIDs() async throws {
        let manual = ManualEnvironment(seed: 1)
        let broker = InMemoryBroker(environment: manual.environment)
        let subscription = try await broker.subscribe(to: "a", SubscriptionSettings())
        for number in 0..<100 {
            try await broker.publish(.number(number, to: "a"))
            manual.clock.advance(by: .milliseconds(1))
        }

        let messages = try await subscription.receive(upTo: 100).map(\.message)
        #expect(messages.map(\.id) == messages.map(\.id).sorted())
        #expect(Set(messages.map(\.id)).count == 100)
        #expect(messages.compactMap(\.acceptedAt) == messages.compactMap(\.acceptedAt).sorted())
        #expect(messages.last?.acceptedAt == manual.clock.now - .milliseconds(1))
    }

    @Test("reports on each message of a batch")
    func reportsBatch() async throws {
        let result = await self.broker.publish([
            .number(1, to: "a"), .number(2, to: "omnibus.a"), .number(3, to: "b"),
        ])

        #expect(result.successCount == 2)
        #expect(result.errors.map(\.code) == [.invalidTopic])
    }

    @Test("refuses a message that is not valid, and counts nothing")
    func refusesInvalid() async throws {
        var message = Message.number(1, to: "a")
        message.timeToLive = .seconds(-1)
        let invalid = message

        await expectError(.invalidMessage) { try await self.broker.publish(invalid) }
        #expect(try await self.broker.metrics().published == 0)
    }

    @Test("reaches every pattern of many that match, and no other", arguments: [UInt64](1...5))
    func agreesWithPatterns(seed: UInt64) async throws {
        let random = SeededRandom(seed: seed)
        func words(_ choices: [String]) -> String {
            (0...Int(random.next() % 3)).map { _ in choices[Int(random.next() % UInt64(choices.count))] }
                .joined(separator: ".")
        }
        var subscriptions: [any ProviderSubscription] = []
        var patterns: [TopicPattern] = []
        for _ in 0..<60 {
            let pattern = try TopicPattern(validating: words(["a", "b", "*", "#"]))
            patterns.append(pattern)
            subscriptions.append(try await self.broker.subscribe(to: pattern, SubscriptionSettings()))
        }

        for round in 0..<40 {
            if round % 10 == 9 {
                await subscriptions.removeLast().cancel()
                patterns.removeLast()
            }
            let topic = try Topic(validating: words(["a", "b", "c"]))
            let receipt = try await self.broker.publish(.number(round, to: topic))
            #expect(receipt.matched == patterns.count { $0.matches(topic) }, "\(random): \(topic)")
        }
    }
}
