// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusCore
import OmnibusInMemory
import OmnibusTesting
import Testing

@Suite("A subscription of the in-memory broker", .timeLimit(.minutes(5)))
struct SubscriptionTests {
    let manual = ManualEnvironment(seed: 21)
    let broker: InMemoryBroker

    init() {
        self.broker = InMemoryBroker(environment: self.manual.environment)
    }

    private func subscribe(_ settings: SubscriptionSettings = SubscriptionSettings()) async throws
        -> any ProviderSubscription
    {
        try await self.broker.subscribe(to: "a", settings)
    }

    private func publish(_ numbers: Range<Int>) async throws {
        for number in numbers { try await self.broker.publish(.number(number, to: "a")) }
    }

    @Test("hands out as many as it is asked for, at most, in order")
    func hasCredit() async throws {
        let subscription = try await self.subscribe()
        try await self.publish(0..<10)

        #expect(try await subscription.receive(upTo: 4).map(\.message.number) == [0, 1, 2, 3])
        #expect(try await subscription.receive(upTo: 100).map(\.message.number) == Array(4..<10))
        let info = try await self.broker.info(of: subscription.id)
        #expect(info?.inFlight == 10)
        #expect(info?.waiting == 0)
    }

    @Test("waits for a message when there is none")
    func waits() async throws {
        let subscription = try await self.subscribe()
        async let received = subscription.receive(upTo: 10)

        try await self.publish(7..<8)
        #expect(try await received.map(\.message.number) == [7])
    }

    @Test("takes settlements in batches; a stale one keeps none of the others back")
    func settlesInBatches() async throws {
        let subscription = try await self.subscribe()
        try await self.publish(0..<4)
        let tokens = try await subscription.receive(upTo: 4).map(\.token)
        try subscription.settle([Settlement(tokens[1], .ack)])

        await expectError(.alreadySettled) { try subscription.settle(tokens.map { Settlement($0, .ack) }) }
        try await subscription.flush()
        let queues = try await self.broker.metrics().queues
        #expect(queues.acknowledged == 4)
        #expect(queues.pending == 0)
    }

    @Test("brings back what is released, first and without counting an attempt")
    func releases() async throws {
        let subscription = try await self.subscribe()
        try await self.publish(0..<3)
        let first = try #require(try await subscription.receive(upTo: 1).first)

        try subscription.settle([Settlement(first.token, .release)])
        let deliveries = try await subscription.receive(upTo: 1)
        #expect(deliveries.map(\.message.number) == [0])
        #expect(deliveries.map(\.attempt) == [1])
    }

    @Test("gives what a member holds back to its group when the member ends")
    func returnsToGroup() async throws {
        let settings = SubscriptionSettings(group: "g")
        let leaving = try await self.subscribe(settings)
        let staying = try await self.subscribe(settings)
        try await self.publish(0..<3)
        let held = try await leaving.receive(upTo: 2)

        await leaving.cancel()
        var numbers: [Int] = []
        while numbers.count < 3 { numbers += try await staying.receive(upTo: 10).map(\.message.number) }
        #expect(Set(numbers) == [0, 1, 2])
        await expectError(.leaseLost) { try await held[0].ack() }
        #expect(try await leaving.receive(upTo: 1).isEmpty)
    }

    @Test("takes nothing when the task that waits is cancelled")
    func takesNothingWhenCancelled() async throws {
        let subscription = try await self.subscribe()
        let waiting = Task { try await subscription.receive(upTo: 1) }

        waiting.cancel()
        await expectError(.cancelled) { _ = try await waiting.value }
        try await self.publish(5..<6)
        #expect(try await subscription.receive(upTo: 1).map(\.message.number) == [5])
    }

    @Test("ends with an empty answer, whoever waits")
    func ends() async throws {
        let subscription = try await self.subscribe()
        async let received = subscription.receive(upTo: 1)

        try await self.broker.unsubscribe(subscription.id)
        #expect(try await received.isEmpty)
        await expectError(.unknownSubscription) { try await self.broker.unsubscribe(subscription.id) }
        await subscription.cancel()
        #expect(try await self.broker.info(of: subscription.id) == nil)
    }

    @Test("pauses and resumes by its id")
    func pauses() async throws {
        let subscription = try await self.subscribe()
        try await self.broker.pause(subscription.id)
        try await self.publish(0..<2)
        async let received = subscription.receive(upTo: 10)

        #expect(try await self.broker.info(of: subscription.id)?.isPaused == true)
        try await self.broker.resume(subscription.id)
        #expect(try await received.map(\.message.number) == [0, 1])
        await expectError(.unknownSubscription) { try await self.broker.pause(SubscriptionID(rawValue: "none")) }
        await expectError(.unknownSubscription) { try await self.broker.resume(SubscriptionID(rawValue: "none")) }
    }

    @Test("keeps the settings that it was asked for, and describes them")
    func describes() async throws {
        let settings = SubscriptionSettings(
            group: "g",
            bounds: QueueBounds(count: 9),
            overflow: .reject,
            maximumAttempts: 2,
            callSite: CallSite(file: "A/B.swift", line: 3)
        )
        let subscription = try await self.subscribe(settings)

        let info = try #require(try await self.broker.info(of: subscription.id))
        #expect(info.settings == settings)
        #expect(info.pattern == "a")
        #expect(!info.isPaused)
    }

    @Test(
        "refuses settings that make no sense, naming them",
        arguments: [
            (SubscriptionSettings(group: ""), "group"), (SubscriptionSettings(group: "a\u{7}"), "group"),
            (SubscriptionSettings(bounds: QueueBounds(count: 0)), "bounds.count"),
            (SubscriptionSettings(maximumAttempts: 0), "maximumAttempts"),
            (SubscriptionSettings(ackDeadline: .seconds(-1)), "ackDeadline"),
            (SubscriptionSettings(overflow: .suspend(atMost: .zero)), "overflow"),
        ]
    )
    func refusesNonsense(settings: SubscriptionSettings, name: String) async throws {
        let error = await expectError(.invalidSettings) { _ = try await self.subscribe(settings) }

        #expect(error?.message.contains("'\(name)'") == true)
        #expect(try await self.broker.metrics().subscriptions == 0)
    }

    @Test("is refused in a group whose settings are others")
    func refusesOtherSettings() async throws {
        _ = try await self.subscribe(SubscriptionSettings(group: "g", maximumAttempts: 3))

        await expectError(.groupMismatch) {
            _ = try await self.subscribe(SubscriptionSettings(group: "g", maximumAttempts: 4))
        }
        _ = try await self.subscribe(
            SubscriptionSettings(group: "g", maximumAttempts: 3, callSite: CallSite(file: "x", line: 1))
        )
    }

    @Test("gives up after its maximum of attempts")
    func givesUp() async throws {
        let subscription = try await self.subscribe(SubscriptionSettings(maximumAttempts: 2))
        try await self.publish(0..<1)
        for attempt in 1...2 {
            let delivery = try #require(try await subscription.receive(upTo: 1).first)
            #expect(delivery.attempt == attempt)
            try await delivery.nack()
        }

        #expect(try await self.broker.metrics().queues.deadLettered == 1)
        #expect(try await self.broker.metrics().queues.retried == 1)
    }
}
