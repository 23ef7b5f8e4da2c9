// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Testing

@Suite("Counting", .timeLimit(.minutes(5)))
struct CountingTests {
    @Test("is exact after a run of everything at once", arguments: [UInt64](1...8))
    func isExact(seed: UInt64) async throws {
        let manual = ManualEnvironment(seed: seed)
        let comment = Comment(rawValue: "\(manual)")
        let bus = manual.makeBus(settings: BusSettings(failurePolicy: .threeTimes))
        let random = manual.random
        let handled = EventRecorder<Int>()
        try await bus.subscribe(to: Step.self, group: "flaky", with: HandlerSettings(concurrency: 3)) { step in
            if step.number % 7 == 0 { throw Broken() }
            if step.number % 5 == 0 { try await bus.publish(StepDone(number: step.number)) }
            handled.record(step.number)
        }
        let dropping = HandlerSettings(bounds: QueueBounds(count: 8), overflow: .dropOldest)
        try await bus.subscribe(to: "job.#", with: dropping) { try await $0.ack() }
        let rejecting = HandlerSettings(bounds: QueueBounds(count: 4, cascade: 0), overflow: .reject)
        let paused = try await bus.subscribe(to: StepDone.self, with: rejecting) { _ in }
        try await paused.pause()

        var calls = 0
        for number in 0..<500 {
            calls += 1
            switch random.next() % 6 {
            case 0: _ = try? await bus.publish(StepDone(number: number))
            case 1: try? bus.publishNow(Step(number: number))
            case 2: _ = try? await bus.publish(bytes: [1, 2, 3], to: "nobody.listens")
            case 3: _ = try? await bus.publish(bytes: [1, 2, 3], to: Step.topic)
            default: _ = try? await bus.publish(Step(number: number))
            }
            if number == 250 { #expect(try await bus.provider.deleteTopic("nobody.listens")) }
        }
        await bus.settled()
        Self.check(try await bus.metrics(), comment)
        #expect(try await bus.metrics().published >= calls, comment)
        for _ in 0..<3 {
            manual.clock.advance(by: .seconds(1))
            await bus.settled()
        }
        let drained = try await bus.metrics()
        Self.check(drained, comment)
        #expect(drained.queues.pending == 4, comment)
        #expect(drained.queues.deadLettered == (try bus.deadLetters.count), comment)

        try await bus.shutdown()
        let ended = try await bus.metrics()
        Self.check(ended, comment)
        #expect(ended.queues.abandoned == 4, comment)
        #expect(ended.queues.pending == 0, comment)
        #expect(ended.subscriptions == 0, comment)
    }

    /// Checks the equations that the design promises.
    private static func check(_ metrics: BusMetrics, _ comment: Comment) {
        let queues = metrics.queues
        #expect(
            metrics.published == metrics.routed + metrics.unrouted + metrics.duplicate + metrics.scheduled
                + metrics.refused + metrics.cancelled,
            comment
        )
        #expect(
            queues.offered == queues.acknowledged + queues.deadLettered + queues.dropped + queues.refused
                + queues.abandoned + queues.pending,
            "\(queues)"
        )
        #expect(queues.inFlight <= queues.pending, comment)
        #expect(
            [metrics.published, metrics.routed, metrics.unrouted, metrics.refused].allSatisfy { $0 >= 0 },
            "\(metrics)"
        )
    }

    @Test("tells calls that were routed, unrouted and refused apart")
    func tellsCallsApart() async throws {
        let bus = EventBus()
        let settings = HandlerSettings(bounds: QueueBounds(count: 1), overflow: .reject)
        let paused = try await bus.subscribe(to: Step.self, with: settings) { _ in }
        try await paused.pause()

        try await bus.publish(Step(number: 1))
        await expectError(.overflow) { try await bus.publish(Step(number: 2)) }
        try await bus.publish(StepDone(number: 3))
        let metrics = try await bus.metrics()
        #expect([metrics.published, metrics.routed, metrics.unrouted, metrics.refused] == [3, 1, 1, 1])
        #expect(metrics.topics == 2)
    }

    @Test("keeps what was published on a topic publisher that is gone")
    func keepsCountsOfPublishers() async throws {
        let bus = EventBus()
        do {
            let publisher = try await bus.publisher(of: Step.self)
            for number in 0..<10 { try await publisher.publish(Step(number: number)) }
            #expect(try await bus.metrics().published == 10)
        }

        #expect(try await bus.metrics().published == 10)
        #expect(try await bus.provider.metrics(of: Step.topic).published == 10)
    }

    @Test("keeps the calls on a topic that was deleted, refused ones included")
    func keepsCountsOfDeletedTopics() async throws {
        let bus = EventBus()
        let seen = try await bus.recorder(of: Step.self)
        try await bus.publish(Step(number: 1))
        try await seen.expect(1)
        #expect(try await bus.provider.deleteTopic(Step.topic))
        await expectError(.unknownTopic) { try await bus.publish(Step(number: 2)) }

        let metrics = try await bus.metrics()
        #expect([metrics.published, metrics.routed, metrics.unrouted, metrics.refused] == [2, 1, 0, 1])
        #expect(metrics.topics == 0)
    }

    @Test("offers a redriven message anew")
    func countsRedrives() async throws {
        let bus = EventBus(settings: BusSettings(failurePolicy: .noRetry))
        let fails = Switch()
        try await bus.subscribe(to: Step.self) { _ in if fails.isOn { throw Broken() } }
        try await bus.publish(Step(number: 1))
        await bus.settled()
        fails.turn(on: false)
        try await bus.deadLetters.redriveAll()
        await bus.settled()

        let queues = try await bus.metrics().queues
        #expect([queues.offered, queues.deadLettered, queues.acknowledged] == [2, 1, 1])
        #expect(try await bus.metrics().published == 1)
    }

    @Test("leaves the bus's own topics and replies out of the calls")
    func leavesSystemOut() async throws {
        let bus = EventBus(settings: BusSettings(failurePolicy: .noRetry))
        try await bus.respond(to: "echo", as: Int.self) { $0 }
        try await bus.subscribe(to: Step.self) { _ in throw Broken() }
        _ = try await bus.recorder(of: "omnibus.dead.#")
        #expect(try await bus.request(1, to: "echo", as: Int.self) == 1)
        try await bus.publish(Step(number: 1))
        await bus.settled()

        let metrics = try await bus.metrics()
        #expect([metrics.published, metrics.routed, metrics.unrouted, metrics.refused] == [2, 2, 0, 0])
    }
}
