// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusTesting
import Testing

@testable import Omnibus

@Suite("What a provider does itself, a bus", .timeLimit(.minutes(5)))
struct DivisionOfWorkTests {
    let manual = ManualEnvironment(seed: 24)

    private func make(_ abilities: Set<Capability>, _ exclusivity: KeyExclusivity = .none) -> (QueueProvider, EventBus)
    {
        let provider = QueueProvider(abilities, keyExclusivity: exclusivity, clock: self.manual.clock)
        let settings = BusSettings(failurePolicy: .threeTimes)
        return (provider, EventBus(provider: provider, environment: self.manual.environment, settings: settings))
    }

    @Test("leaves to it: dead letters")
    func leavesDeadLetters() async throws {
        let (provider, bus) = self.make([.acknowledgement, .deadLetters])
        try await bus.subscribe(to: Step.self) { _, delivery in try await delivery.reject(reason: "no") }
        try await bus.publish(Step(number: 1))
        await bus.settled()
        let actions = provider.subscriptions[0].actions
        guard case .deadLetter(.rejected("no"), _) = actions.first else {
            Issue.record("It was not given up on at the provider: \(actions)")
            return
        }
        #expect(actions.count == 1)
        let error = await expectError(.unsupported) { _ = try bus.deadLetters }
        #expect(error?.details as? String == "deadLetters")
    }

    @Test("leaves to it: retries, where no order is kept here meanwhile")
    func leavesRetries() async throws {
        let (provider, bus) = self.make(
            [.acknowledgement, .delayedRedelivery, .attemptCount],
            .perProcess
        )
        let attempts = EventRecorder<Int>()
        try await bus.subscribe(to: Step.self, with: HandlerSettings(ordering: .unordered)) { _, delivery in
            attempts.record(delivery.attempt)
            throw Broken()
        }
        try await bus.publish(Step(number: 1))
        await bus.settled()
        #expect(provider.subscriptions[0].inFlight == 0)
        #expect(try await bus.metrics().queues.offered == 0)
        for _ in 0..<3 {
            self.manual.clock.advance(by: .seconds(1))
            await bus.settled()
        }
        #expect(attempts.all == [1, 2, 3])
        let delays = provider.subscriptions[0].actions.compactMap { action in
            if case .nack(let delay, _) = action { delay } else { nil }
        }
        #expect(delays == [.seconds(1), .seconds(1)])
        let queues = try await bus.metrics().queues
        #expect(queues.offered == 1)
        #expect(queues.retried == 2)
        #expect(queues.deadLettered == 1)
        #expect(queues.accounted == queues.offered)
        #expect(try bus.deadLetters.count == 1)
    }

    @Test("does not do again: a provider that lacks nothing hands its deliveries to the handler as they are")
    func staysOut() async throws {
        let (provider, bus) = self.make(Set(InMemoryBroker.capabilities.abilities), .global)
        #expect(try !bus.plan(for: "job.step").isHosted)
        let attempts = EventRecorder<Int>()
        let subscription = try await bus.subscribe(to: Step.self) { _, delivery in
            attempts.record(delivery.attempt)
            throw Broken()
        }
        #expect(bus.subscriptions.record(subscription.id)?.lane == nil)
        #expect(bus.plan(of: subscription.id) == (try bus.plan(for: "job.step")))
        try await bus.publish(Step(number: 1))
        try await attempts.expect(1)
        try await self.manual.clock.timers(atLeast: 1)
        self.manual.clock.advance(by: .seconds(1))
        #expect(try await attempts.expect(2) == [1, 2])
        #expect(provider.subscriptions[0].settings.maximumAttempts == 3)
    }

    @Test("hands out late: no handler starts once its subscription has ended")
    func endsInTime() async throws {
        let gate = Gate()
        let provider = QueueProvider(
            Set(InMemoryBroker.capabilities.abilities),
            keyExclusivity: .global,
            clock: self.manual.clock
        )
        let bus = EventBus(
            provider: provider,
            environment: self.manual.environment,
            settings: BusSettings(handleMiddleware: [
                .around("slow") { delivery, next in
                    await gate.passStubbornly()
                    try await next(delivery)
                }
            ])
        )
        let handled = EventRecorder<Int>()
        let subscription = try await bus.subscribe(to: Step.self) { handled.record($0.number) }
        let workers = try #require(bus.subscriptions.record(subscription.id)).workers
        try await bus.publish(Step(number: 1))
        try await gate.arrivals(1)
        await subscription.cancel()
        gate.open()
        for worker in workers { _ = await worker.ended.value() }
        #expect(handled.all.isEmpty)
        #expect(provider.subscriptions[0].waiting.count == 1)
    }

    @Test("is not asked for: the provider gets no deadline, limit or order that the bus sees to")
    func asksForLess() async throws {
        let (provider, bus) = self.make([.acknowledgement])
        let settings = HandlerSettings(
            acknowledging: .manual,
            ackDeadline: .seconds(5),
            bounds: QueueBounds(count: 3),
            overflow: .dropOldest,
            throttle: Throttle(10, per: .seconds(1)),
            ordering: .strict
        )
        try await bus.subscribe(to: "job.step", with: settings) { _ in }
        let asked = provider.subscriptions[0].settings
        #expect(asked.maximumAttempts == nil)
        #expect(asked.ackDeadline == nil)
        #expect(asked.throttle == nil)
        #expect(asked.ordering == .unordered)
        #expect(asked.bounds == QueueBounds())
        #expect(asked.overflow == .suspend())
    }

    @Test("can ask of it: a pattern that contains the one that was asked for", arguments: [true, false])
    func filters(byPrefix: Bool) async throws {
        let (provider, bus) = self.make([.acknowledgement, byPrefix ? .prefixWildcards : .everyTopic])
        let seen = EventRecorder<String>()
        try await bus.subscribe(to: "job.*.done") { seen.record($0.message.topic.name) }
        #expect(provider.subscriptions[0].pattern == (byPrefix ? "job.#" : "#"))
        for topic in ["job.a.done", "job.done", "other.a.done", "job.b.done", "job.a.b.done"] as [Topic] {
            try await bus.publish(bytes: [1], to: topic)
        }
        await bus.settled()
        #expect(seen.all == ["job.a.done", "job.b.done"])
        #expect(provider.subscriptions[0].inFlight == 0)
        #expect(try await bus.metrics().queues.offered == 2)
    }

    @Test("leaves to it: bounds and what happens when they are reached")
    func leavesBounds() async throws {
        let broker = ReducedBroker([.acknowledgement, .overflow], environment: self.manual.environment)
        let bus = EventBus(provider: broker, environment: self.manual.environment)
        let gate = Gate()
        let seen = EventRecorder<Int>()
        let settings = HandlerSettings(bounds: QueueBounds(count: 4, cascade: 0), overflow: .reject)
        let subscription = try await bus.subscribe(to: Step.self, with: settings) { step in
            try await gate.pass()
            seen.record(step.number)
        }
        #expect(bus.plan(of: subscription.id)?[.bounds] == .provider)
        try await bus.publish(Step(number: 0))
        try await gate.arrivals(1)
        var refused = 0
        for number in 1..<20 {
            do { try await bus.publish(Step(number: number)) } catch { refused += 1 }
            await bus.subscriptions.record(subscription.id)?.hosted?.caughtUp()
        }
        // Four wait there and four here.
        #expect(refused == 11)
        gate.open()
        await bus.settled()
        #expect(seen.count == 9)
        #expect(try await bus.metrics().refused == 11)
    }

    @Test("does for it: asking a predicate, when a message is fetched")
    func filtersByPredicate() async throws {
        let (provider, bus) = self.make([.acknowledgement])
        let seen = EventRecorder<Int>()
        try await bus.subscribe(to: Step.self, where: { $0.number % 2 == 0 }) { seen.record($0.number) }
        for number in 0..<10 { try await bus.publish(Step(number: number)) }
        await bus.settled()
        #expect(seen.all == [0, 2, 4, 6, 8])
        #expect(try await bus.metrics().queues.filtered == 5)
        #expect(provider.subscriptions[0].inFlight == 0)
        #expect(provider.subscriptions[0].settings.predicate == nil)
    }
}
