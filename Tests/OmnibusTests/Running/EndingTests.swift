// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Testing

@Suite("What a bus does when things end at the same time", .timeLimit(.minutes(5)))
struct EndingTests {
    let manual = ManualEnvironment(seed: 19)
    let bus: EventBus
    let gate = Gate()
    let seen = EventRecorder<Int>()

    init() {
        self.bus = self.manual.makeBus()
    }

    @Test("drains a group's queue by the member that is not paused", arguments: [0, 1])
    func drainsByActiveMember(paused: Int) async throws {
        let (gate, seen) = (self.gate, self.seen)
        var members: [Subscription] = []
        for _ in 0..<2 {
            let member = try await self.bus.subscribe(to: Step.self, group: "g") { step in
                try await gate.pass()
                seen.record(step.number)
            }
            members.append(member)
        }
        try await members[paused].pause()
        for number in 0..<20 { try await self.bus.publish(Step(number: number)) }
        try await gate.arrivals(1)
        let shutdown = Task { [bus] in try await bus.shutdown(deadline: .seconds(5)) }
        try await self.manual.clock.timers(atLeast: 1)

        gate.open()
        let report = try await shutdown.value
        #expect(seen.all == Array(0..<20))
        #expect([report.drained, report.abandoned] == [20, 0])
        #expect(!report.wasCancelled)
    }

    @Test("counts exactly the publishers that wait for a queue that ends", arguments: [false, true])
    func countsSuspended(byShutdown: Bool) async throws {
        let gate = self.gate
        let settings = HandlerSettings(bounds: QueueBounds(count: 1))
        let subscription = try await self.bus.subscribe(to: Step.self, with: settings) { _ in try await gate.pass() }
        try await self.bus.publish(Step(number: 0))
        try await gate.arrivals(1)
        try await self.bus.publish(Step(number: 1))
        let publishers = (2..<5).map { number in
            Task { [bus] in try await bus.publish(Step(number: number)).matched }
        }
        await self.bus.suspendedPublishers(3)

        if byShutdown {
            try await self.bus.shutdown(deadline: .zero)
        } else {
            await subscription.cancel()
        }
        var matched: [Int?] = []
        for publisher in publishers { matched.append(try? await publisher.value) }
        gate.open()
        let metrics = try await self.bus.metrics()
        #expect(metrics.published == 5)
        #expect(
            metrics.published == metrics.routed + metrics.unrouted + metrics.refused + metrics.cancelled,
            "\(metrics)"
        )
        #expect(metrics.routed == 2)
        // Nobody is told that a closed bus had no subscriber.
        #expect(matched.count { $0 == 0 } == metrics.unrouted)
        #expect(matched.count { $0 == nil } == metrics.refused + metrics.cancelled)
        #expect(byShutdown ? metrics.unrouted == 0 : metrics.unrouted == 3)
        #expect(!matched.contains(1))
        #expect(metrics.queues.offered == 2)
    }

    @Test("refuses a shutdown inside a handler, which would wait for itself", arguments: [false, true])
    func refusesShutdownInside(takesDelivery: Bool) async throws {
        let bus = self.bus
        let codes = EventRecorder<OmnibusError.Code?>()
        @Sendable func shutDown() async {
            do {
                try await bus.shutdown()
                codes.record(nil)
            } catch {
                codes.record((error as? OmnibusError)?.code)
            }
        }
        if takesDelivery {
            try await bus.subscribe(to: Step.self) { (_, _: Delivery) in await shutDown() }
        } else {
            try await bus.subscribe(to: Step.self) { _ in await shutDown() }
        }

        try await bus.publish(Step(number: 1))
        #expect(try await codes.next() == .wouldDeadlock)
        await bus.settled()
        #expect(try await bus.shutdown().stuck.isEmpty)
    }

    @Test("returns from settled() inside a handler, when all other queues are done", arguments: [false, true])
    func settlesInside(takesDelivery: Bool) async throws {
        let (bus, seen) = (self.bus, self.seen)
        try await bus.subscribe(to: StepDone.self) { seen.record($0.number) }
        let order = EventRecorder<[Int]>()
        @Sendable func handle() async throws {
            try await bus.publish(StepDone(number: 1))
            await bus.settled()
            order.record(seen.all)
        }
        if takesDelivery {
            try await bus.subscribe(to: Step.self) { (_, _: Delivery) in try await handle() }
        } else {
            try await bus.subscribe(to: Step.self) { _ in try await handle() }
        }

        try await bus.publish(Step(number: 1))
        #expect(try await order.next() == [1])
    }

    @Test("takes what a handler of another bus publishes for its own: its source, and nothing while it drains")
    func isApartFromOtherBuses() async throws {
        let other = self.manual.makeBus(settings: BusSettings(source: "other"))
        let bus = self.manual.makeBus(settings: BusSettings(source: "own"))
        let gate = self.gate
        let messages = try await bus.recorder(of: "job.done")
        let codes = EventRecorder<OmnibusError.Code?>()
        try await other.subscribe(to: Step.self) { step in
            do {
                try await bus.publish(StepDone(number: step.number))
                codes.record(nil)
            } catch {
                codes.record((error as? OmnibusError)?.code)
            }
        }
        let cause = try await other.publish(Step(number: 1)).messageID
        let message = try await messages.next()
        #expect(message.source == "own")
        #expect(message.causationID == cause)
        #expect(try await codes.next() == nil)

        try await bus.subscribe(to: "job.busy") { _ in try await gate.pass() }
        try await bus.publish(1, to: "job.busy")
        try await gate.arrivals(1)
        let shutdown = Task { try await bus.shutdown(deadline: .seconds(5)) }
        try await self.manual.clock.timers(atLeast: 1)
        try await other.publish(Step(number: 2))
        #expect(try await codes.next() == .busClosed)
        gate.open()
        #expect(try await shutdown.value.wasCancelled == false)
    }
}
