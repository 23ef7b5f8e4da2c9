// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Synchronization
import Testing

@testable import OmnibusCore

@Suite("A full queue", .timeLimit(.minutes(5)))
struct OverflowTests {
    let manual = ManualEnvironment(seed: 15)
    let bus: EventBus
    let seen = EventRecorder<Int>()

    init() {
        self.bus = self.manual.makeBus()
    }

    /// A paused subscription with room for a few messages.
    private func subscribe(_ overflow: OverflowPolicy, count: Int = 3) async throws -> Subscription {
        let seen = self.seen
        let settings = HandlerSettings(bounds: QueueBounds(count: count), overflow: overflow)
        let subscription = try await self.bus.subscribe(to: Step.self, with: settings) { seen.record($0.number) }
        try await subscription.pause()
        return subscription
    }

    private var queues: QueueMetrics {
        get async throws { try await self.bus.metrics().queues }
    }

    @Test("suspends publishers, and lets them go on first come first served")
    func suspends() async throws {
        let subscription = try await self.subscribe(.suspend())
        for number in 0..<3 { try await self.bus.publish(Step(number: number)) }
        var publishers: [Task<PublishReceipt, any Error>] = []
        for number in 3..<8 {
            publishers.append(Task { [bus] in try await bus.publish(Step(number: number)) })
            // Its time limit is set just before it is in the queue of those who wait.
            try await self.manual.clock.timers(atLeast: number - 2)
        }
        await self.suspended(5)

        #expect(try await self.queues.pending == 3)
        try await subscription.resume()
        for publisher in publishers { #expect(try await publisher.value.matched == 1) }
        await self.bus.settled()
        #expect(self.seen.all.count == 8)
        #expect(Array(self.seen.all.prefix(3)) == [0, 1, 2])
        #expect(Set(self.seen.all) == Set(0..<8))
        #expect(self.manual.clock.pendingTimers == 0)
        let metrics = try await self.queues
        #expect(metrics.offered == 8)
        #expect(metrics.acknowledged == 8)
    }

    @Test("keeps the order of those who wait, one by one")
    func isFair() async throws {
        let gate = Gate()
        let seen = self.seen
        let settings = HandlerSettings(bounds: QueueBounds(count: 1), overflow: .suspend())
        try await self.bus.subscribe(to: Step.self, with: settings) { step in
            try await gate.pass()
            seen.record(step.number)
        }
        try await self.bus.publish(Step(number: 0))
        try await gate.arrivals(1)
        try await self.bus.publish(Step(number: 1))
        var publishers: [Task<PublishReceipt, any Error>] = []
        for number in 2..<6 {
            publishers.append(Task { [bus] in try await bus.publish(Step(number: number)) })
            try await self.manual.clock.timers(atLeast: number - 1)
            await self.suspended(number - 1)
        }

        for number in 0..<6 {
            try await gate.arrivals(number + 1)
            gate.letOneThrough()
        }
        #expect(try await self.seen.expect(6) == Array(0..<6))
        for publisher in publishers { _ = try await publisher.value }
    }

    @Test("forgets a publisher that is cancelled while it waits, and leaves nothing behind")
    func cancels() async throws {
        let subscription = try await self.subscribe(.suspend())
        for number in 0..<3 { try await self.bus.publish(Step(number: number)) }
        let publisher = Task { [bus] in try await bus.publish(Step(number: 3)) }
        await self.suspended(1)

        publisher.cancel()
        let error = await expectError(.cancelled) { _ = try await publisher.value }
        #expect(error?.message.contains("nothing was published") == true)
        #expect(self.manual.clock.pendingTimers == 0)
        try await subscription.resume()
        await self.bus.settled()
        #expect(self.seen.all == [0, 1, 2])
        let metrics = try await self.bus.metrics()
        #expect(metrics.queues.offered == 3)
        #expect([metrics.published, metrics.routed, metrics.cancelled] == [4, 3, 1])
    }

    @Test("gives up on a publisher after the policy's time, naming the queue and where it was subscribed")
    func timesOut() async throws {
        _ = try await self.subscribe(.suspend(atMost: .seconds(5)))
        for number in 0..<3 { try await self.bus.publish(Step(number: number)) }
        let publisher = Task { [bus] in try await bus.publish(Step(number: 3)) }
        await self.suspended(1)

        self.manual.clock.advance(by: .milliseconds(4_999))
        #expect(self.waitingPublishers == 1)
        self.manual.clock.advance(by: .milliseconds(1))
        let error = await expectError(.overflow) { _ = try await publisher.value }
        #expect(error?.message.contains("'job.step'") == true)
        #expect(error?.message.contains("OverflowTests.swift:") == true)
        #expect(error?.advice == .retry(after: nil))
        #expect(self.manual.clock.pendingTimers == 0)
    }

    @Test("refuses at once when it is to reject, and counts it")
    func rejects() async throws {
        let subscription = try await self.subscribe(.reject)
        for number in 0..<3 { try await self.bus.publish(Step(number: number)) }
        for number in 3..<5 {
            await expectError(.overflow) { try await self.bus.publish(Step(number: number)) }
        }
        await expectError(.overflow) { try self.bus.publishNow(Step(number: 5)) }

        try await subscription.resume()
        await self.bus.settled()
        #expect(self.seen.all == [0, 1, 2])
        let metrics = try await self.bus.metrics()
        #expect(metrics.queues.refused == 3)
        #expect([metrics.published, metrics.routed, metrics.refused] == [6, 3, 3])
    }

    @Test("drops the oldest when told so, and counts them")
    func dropsOldest() async throws {
        let subscription = try await self.subscribe(.dropOldest)
        for number in 0..<10 { #expect(try await self.bus.publish(Step(number: number)).matched == 1) }

        try await subscription.resume()
        await self.bus.settled()
        #expect(self.seen.all == [7, 8, 9])
        #expect(try await self.queues.dropped == 7)
    }

    @Test("drops the newest when told so, and counts them")
    func dropsNewest() async throws {
        let subscription = try await self.subscribe(.dropNewest)
        for number in 0..<10 { #expect(try await self.bus.publish(Step(number: number)).matched == 1) }

        try await subscription.resume()
        await self.bus.settled()
        #expect(self.seen.all == [0, 1, 2])
        #expect(try await self.queues.dropped == 7)
    }

    @Test("is full by bytes as well, but takes one message of any size when it is empty")
    func boundsBytes() async throws {
        let settings = HandlerSettings(bounds: QueueBounds(count: 100, bytes: 1_000), overflow: .reject)
        let subscription = try await self.bus.subscribe(to: "raw", with: settings) { _ in }
        try await subscription.pause()

        try await self.bus.publish(bytes: Array(repeating: 0, count: 5_000), to: "raw")
        await expectError(.overflow) { try await self.bus.publish(bytes: [0], to: "raw") }
        try await subscription.resume()
        await self.bus.settled()
        try await self.bus.publish(bytes: [0], to: "raw")
    }

    @Test("makes publishNow throw instead of waiting")
    func refusesNow() async throws {
        _ = try await self.subscribe(.suspend())
        for number in 0..<3 { try self.bus.publishNow(Step(number: number)) }
        await expectError(.overflow) { try self.bus.publishNow(Step(number: 3)) }
        await expectError(.overflow) { try self.bus.publishNow(Message(topic: Step.topic, payload: ["number": 3])) }
        let publisher = try await self.bus.publisher(of: Step.self)
        await expectError(.overflow) { try publisher.publishNow(Step(number: 3)) }

        let metrics = try await self.bus.metrics()
        #expect([metrics.published, metrics.routed, metrics.refused] == [6, 3, 3])
        #expect(metrics.queues.offered == 3)
    }

    @Test("keeps the message from nobody else: the others have it at once")
    func acceptsPartially() async throws {
        _ = try await self.subscribe(.reject, count: 1)
        let other = try await self.bus.recorder(of: Step.self)
        try await self.bus.publish(Step(number: 0))

        let error = await expectError(.partiallyAccepted) { try await self.bus.publish(Step(number: 1)) }
        let details = try #require(error?.details as? PartialAcceptance)
        #expect(details.receipt.matched == 1)
        #expect(details.missing.count == 1)
        #expect(details.missing.first?.contains("job.step") == true)
        #expect(try await other.expect(2) == [Step(number: 0), Step(number: 1)])
        await expectError(.partiallyAccepted) { try self.bus.publishNow(Step(number: 2)) }
        #expect(try await other.expect(3).last == Step(number: 2))
    }

    @Test("says who has the message when a publisher that waits for the rest is cancelled")
    func cancelsPartially() async throws {
        _ = try await self.subscribe(.suspend(), count: 1)
        let other = try await self.bus.recorder(of: Step.self)
        try await self.bus.publish(Step(number: 0))
        let publisher = Task { [bus] in try await bus.publish(Step(number: 1)) }
        #expect(try await other.expect(2).last == Step(number: 1))
        await self.suspended(1)

        publisher.cancel()
        let error = await expectError(.partiallyAccepted) { _ = try await publisher.value }
        #expect((error?.details as? PartialAcceptance)?.receipt.matched == 1)
    }

    @Test("lets a handler exceed the bound in bytes by as much again, and no further", arguments: Priority.allCases)
    func cascadesBytes(priority: Priority) async throws {
        let (bus, stored) = (self.bus, EventRecorder<Int>())
        let settings = HandlerSettings(bounds: QueueBounds(count: 1_000, bytes: 10_000), overflow: .reject)
        let target = try await bus.subscribe(to: "target", with: settings) { _ in }
        try await target.pause()
        try await bus.subscribe(to: Step.self, with: HandlerSettings(failurePolicy: .noRetry)) { _ in
            for number in 0..<100 {
                var message = Message(topic: "target", bytes: Array(repeating: 0, count: 1_000))
                message.priority = priority
                try await bus.publish(message)
                stored.record(number)
            }
        }
        try await bus.publish(Step(number: 1))
        await bus.settled()
        #expect(stored.count == 20)
        #expect(try bus.deadLetters.list().first?.lastError?.error.contains("full") == true)
    }

    @Test("takes bounds and sizes that are as large as numbers are")
    func largestNumbers() async throws {
        struct Huge: Event {
            static let topic: Topic = "huge"
            var eventKey: String? { "k" }
            var estimatedSize: Int { .max }
        }
        let (bus, gate, seen) = (self.bus, Gate(), self.seen)
        let settings = HandlerSettings(
            concurrency: 2,
            failurePolicy: .noRetry,
            bounds: QueueBounds(count: 16, bytes: .max)
        )
        try await bus.subscribe(to: Huge.self, with: settings) { _ in
            seen.record(1)
            try await gate.pass()
            throw Broken()
        }
        for _ in 0..<4 { try await bus.publish(Huge()) }
        try await gate.arrivals(1)
        gate.open()
        await bus.settled()
        #expect(seen.count == 4)
        #expect(try await bus.metrics().queues.deadLettered == 4)
    }

    @Test("lets a handler exceed its own queue's bound by the allowance, and no further")
    func cascades() async throws {
        let bus = self.bus
        let refused = EventRecorder<Int>()
        let settings = HandlerSettings(
            failurePolicy: FailurePolicy.noRetry,
            bounds: QueueBounds(count: 2, cascade: 3),
            overflow: .suspend()
        )
        try await bus.subscribe(to: Step.self, with: settings) { step in
            guard step.number == 0 else { return }
            for number in 1...10 {
                do {
                    try await bus.publish(Step(number: number))
                } catch let error as OmnibusError where error.code == .overflow {
                    refused.record(number)
                }
            }
        }

        try await bus.publish(Step(number: 0))
        await bus.settled()
        #expect(refused.all == Array(6...10))
        let metrics = try await self.queues
        #expect([metrics.offered, metrics.acknowledged, metrics.refused] == [11, 6, 5])
    }

    @Test("never makes a handler wait, even with nobody to take its messages")
    func neverSuspendsHandlers() async throws {
        let bus = self.bus
        _ = try await self.subscribe(.suspend(), count: 1)
        let outcome = EventRecorder<Int>()
        try await bus.subscribe(to: StepDone.self) { _ in
            var accepted = 0
            while (try? await bus.publish(Step(number: accepted))) != nil { accepted += 1 }
            outcome.record(accepted)
        }

        try await bus.publish(StepDone(number: 0))
        #expect(try await outcome.next() == 2)
    }

    @Test("refuses bounds that make no sense")
    func refusesBadBounds() async throws {
        for bounds in [QueueBounds(count: 0), QueueBounds(bytes: 0), QueueBounds(cascade: -1)] {
            await expectError(.invalidSettings) {
                try await self.bus.subscribe(to: Step.self, with: HandlerSettings(bounds: bounds)) { _ in }
            }
        }
        await expectError(.invalidSettings) {
            let settings = HandlerSettings(overflow: .suspend(atMost: .zero))
            try await self.bus.subscribe(to: Step.self, with: settings) { _ in }
        }
        #expect(try await self.bus.metrics().subscriptions == 0)
    }
}

extension OverflowTests {
    /// How many publishers wait for room in the queue that was made first.
    private var waitingPublishers: Int {
        let lane = (self.bus.provider as? InMemoryBroker)?.core.lanes.first
        return lane?.state.withLock { $0.machine.suspended.count } ?? 0
    }

    /// Waits until so many publishers wait for room.
    private func suspended(_ count: Int) async {
        while self.waitingPublishers < count, !Task.isCancelled { await Task.yield() }
    }
}
