// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusTesting
import Testing

@testable import Omnibus

@Suite("A request between buses", .timeLimit(.minutes(5)))
struct RequestBetweenBusesTests {
    let manual = ManualEnvironment(seed: 27)

    @Test("from a handler to a bus on another broker is answered, whatever the queues are called there")
    func reachesOtherBroker() async throws {
        let (asking, answering) = (self.manual.makeBus(), self.manual.makeBus())
        let answers = EventRecorder<Int>()
        try await answering.respond(to: "calculate", as: Int.self) { $0 + 1 }
        try await asking.subscribe(to: Step.self) { step in
            answers.record(try await answering.request(step.number, to: "calculate", as: Int.self))
        }

        try await asking.publish(Step(number: 1))
        #expect(try await answers.next() == 2)
    }

    @Test("from a member of a group to its own group is answered by the member of the other bus")
    func reachesOtherMember() async throws {
        let broker = InMemoryBroker(environment: self.manual.environment)
        let first = EventBus(provider: broker, environment: self.manual.environment)
        let second = EventBus(provider: broker, environment: self.manual.environment)
        let answering = try await second.respond(to: "calculate", as: Int.self, group: "g") { $0 + 1 }
        try await answering.pause()
        try await first.respond(to: "calculate", as: Int.self, group: "g") { number in
            guard number == 0 else { return -1 }
            try await answering.resume()
            return try await first.request(5, to: "calculate", as: Int.self)
        }

        #expect(try await first.request(0, to: "calculate", as: Int.self) == 6)
    }

    @Test("opens the inbox once, and everybody who asks meanwhile waits for it")
    func opensInboxOnce() async throws {
        let provider = SlowlySubscribingProvider()
        let bus = EventBus(provider: provider)
        try await bus.respond(to: "double", as: Int.self) { $0 * 2 }
        let asking = (1...3).map { number in
            Task { try await bus.request(number, to: "double", as: Int.self) }
        }
        try await provider.gate.arrivals(1)
        for _ in 0..<1_000 { await Task.yield() }
        // A question that is sent now would be answered to nobody.
        #expect(provider.published.count == 0)

        provider.gate.open()
        for (index, task) in asking.enumerated() { #expect(try await task.value == 2 * (index + 1)) }
        #expect(provider.inboxes.count == 1)
    }
}

/// A poor provider whose subscriptions to topics of the system take their time.
private final class SlowlySubscribingProvider: EventBusProvider {
    static let capabilities = PoorProvider.capabilities

    let gate = Gate()
    let inboxes = EventRecorder<TopicPattern>()
    let published = EventRecorder<Topic>()
    private let poor = PoorProvider()

    func publish(_ message: Message) async throws(OmnibusError) -> PublishReceipt {
        self.published.record(message.topic)
        return try await self.poor.publish(message)
    }

    func subscribe(
        to pattern: TopicPattern,
        _ settings: SubscriptionSettings
    ) async throws(OmnibusError) -> any ProviderSubscription {
        if pattern.description.hasPrefix("omnibus.reply.") {
            self.inboxes.record(pattern)
            try await self.gate.pass()
        }
        return try await self.poor.subscribe(to: pattern, settings)
    }
}
