// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusTesting
import Testing

@testable import Omnibus

@Suite("The end of a subscription that the bus has the queue of", .timeLimit(.minutes(5)))
struct HostedEndingTests {
    @Test("by shutdown: what has arrived is handled before", arguments: Backing.allCases)
    func drains(_ backing: Backing) async throws {
        let hosted = HostedBus(backing)
        let seen = EventRecorder<Int>()
        let settings = HandlerSettings(bounds: QueueBounds(count: 8))
        try await hosted.bus.subscribe(to: Step.self, with: settings) { step in
            await Task.yield()
            seen.record(step.number)
        }
        for number in 0..<100 { try await hosted.bus.publish(Step(number: number)) }
        let report = try await hosted.bus.shutdown(deadline: .seconds(30))
        #expect(seen.all == Array(0..<100))
        #expect(report.drained + report.abandoned <= 100)
        #expect(report.abandoned == 0)
        #expect(!report.wasCancelled)
        #expect(report.stuck.isEmpty)
        for subscription in (hosted.provider as? QueueProvider)?.subscriptions ?? [] {
            #expect(subscription.isEnded)
            #expect(subscription.inFlight == 0)
        }
    }

    @Test("by shutdown: what waits for its retry longer than that is abandoned, and goes back to who can keep it")
    func abandons() async throws {
        let hosted = HostedBus(.middling, settings: BusSettings(failurePolicy: .threeTimes))
        try await hosted.bus.subscribe(to: Step.self) { _ in throw Broken() }
        for number in 0..<3 { try await hosted.bus.publish(Step(number: number)) }
        await hosted.bus.settled()
        let report = try await hosted.bus.shutdown(deadline: .milliseconds(10))
        #expect(report.abandoned == 3)
        let queue = try #require((hosted.provider as? QueueProvider)?.subscriptions.first)
        #expect(queue.waiting.count == 3)
        #expect(queue.inFlight == 0)
        #expect(queue.isEnded)
    }

    @Test("by shutdown: a handler that does not end is named, and its message goes back")
    func namesStuck() async throws {
        let hosted = HostedBus(.middling)
        let gate = Gate()
        try await hosted.bus.subscribe(to: Step.self) { _ in await gate.passStubbornly() }
        try await hosted.bus.publish(Step(number: 1))
        try await gate.arrivals(1)
        let closing = Task { try await hosted.bus.shutdown(deadline: .seconds(5)) }
        try await hosted.manual.clock.timers(atLeast: 1)
        hosted.manual.clock.advance(by: .seconds(5))
        try await hosted.manual.clock.timers(atLeast: 1)
        hosted.manual.clock.advance(by: .seconds(1))
        let report = try await closing.value
        #expect(report.stuck.count == 1)
        let queue = try #require((hosted.provider as? QueueProvider)?.subscriptions.first)
        #expect(queue.isEnded)
        #expect(queue.waiting.count == 1)
        gate.open()
    }

    @Test(
        "by cancelling: no handler starts afterwards, and what was not handled goes back",
        arguments: Backing.allCases
    )
    func cancels(_ backing: Backing) async throws {
        let hosted = HostedBus(backing)
        let gate = Gate()
        let seen = EventRecorder<Int>()
        let subscription = try await hosted.bus.subscribe(to: Step.self) { step in
            seen.record(step.number)
            try await gate.pass()
        }
        let record = hosted.bus.subscriptions.record(subscription.id)?.hosted
        for number in 0..<5 { try await hosted.bus.publish(Step(number: number)) }
        try await gate.arrivals(1)
        await hosted.fetched(subscription)
        await subscription.cancel()
        gate.open()
        await HostedBus.ended(record)
        #expect(seen.all == [0])
        let queues = try await hosted.bus.metrics().queues
        #expect(queues.acknowledged == 1)
        #expect(queues.abandoned == 4)
        #expect(queues.accounted == queues.offered)
        await expectError(.unknownSubscription) { try await hosted.bus.unsubscribe(subscription.id) }
        guard backing == .middling else { return }
        let queue = try #require((hosted.provider as? QueueProvider)?.subscriptions.first)
        #expect(queue.waiting.count == 4)
        #expect(queue.isEnded)
    }

    @Test("by leaving the loop over a sequence: what was in hand goes back")
    func leavesLoop() async throws {
        let hosted = HostedBus(.middling)
        var deliveries: Deliveries? = try await hosted.bus.deliveries(of: "job.step")
        let record = try #require(hosted.bus.subscriptions.all.first?.hosted)
        for number in 0..<4 { try await hosted.bus.publish(Step(number: number)) }
        var seen = 0
        if let deliveries {
            for try await _ in deliveries {
                seen += 1
                if seen == 2 { break }
            }
        }
        deliveries = nil
        await HostedBus.ended(record)
        let queue = try #require((hosted.provider as? QueueProvider)?.subscriptions.first)
        #expect(queue.waiting.count == 3)
        #expect(queue.inFlight == 0)
    }

    @Test("by the provider: handlers end, and the bus goes on without it", arguments: [Backing.poor, .middling])
    func endsWithProvider(_ backing: Backing) async throws {
        let hosted = HostedBus(backing)
        try await hosted.bus.subscribe(to: Step.self) { _ in }
        let record = try #require(hosted.bus.subscriptions.all.first?.hosted)
        (hosted.provider as? QueueProvider)?.subscriptions.first?.end()
        await HostedBus.ended(record)
        let report = try await hosted.bus.shutdown()
        #expect(report.stuck.isEmpty)
    }

    @Test("by a crash of its connection: what was not acknowledged comes again")
    func survivesCrash() async throws {
        let manual = ManualEnvironment(seed: 21)
        let queue = QueueProvider([.acknowledgement, .attemptCount], clock: manual.clock)
        let hosted = HostedBus(queue, manual)
        let gate = Gate()
        let seen = EventRecorder<[Int]>()
        try await hosted.bus.subscribe(to: Step.self) { step, delivery in
            try await gate.pass()
            seen.record([step.number, delivery.attempt])
        }
        for number in 0..<3 { try await hosted.bus.publish(Step(number: number)) }
        try await gate.arrivals(1)
        queue.subscriptions[0].crash()
        gate.open()
        await hosted.bus.settled()
        // At least once: what had been handed out before the crash is handled as well.
        for number in 0..<3 { _ = try await seen.wait(for: { $0 == [number, 2] }) }
        await hosted.bus.settled()
        #expect(queue.subscriptions[0].inFlight == 0)
        #expect(queue.subscriptions[0].waiting.isEmpty)
    }
}
