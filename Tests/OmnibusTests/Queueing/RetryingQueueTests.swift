// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Testing

@Suite("A queue in which messages wait for their retry", .timeLimit(.minutes(5)))
struct RetryingQueueTests {
    let manual = ManualEnvironment(seed: 23)
    let bus: EventBus
    let seen = EventRecorder<Int>()

    init() {
        let policy = FailurePolicy.retry(.fixed([], then: .seconds(60)), attempts: 5)
        self.bus = self.manual.makeBus(settings: BusSettings(failurePolicy: policy))
    }

    private func settings(count: Int = 1_000, bytes: Int = 100_000, _ overflow: OverflowPolicy) -> HandlerSettings {
        HandlerSettings(bounds: QueueBounds(count: count, bytes: bytes), overflow: overflow)
    }

    private let bulky: [UInt8] = Array(repeating: 7, count: 30_000)

    @Test("gives suspended publishers the room that is left", arguments: [13, 15, 90])
    func resumesPublishers(failing: Int) async throws {
        let seen = self.seen
        let bound = failing > 15 ? 100 : 16
        let subscription = try await self.bus.subscribe(
            to: Step.self,
            with: self.settings(count: bound, .suspend(atMost: .seconds(3)))
        ) { step in
            if step.number < failing { throw Broken() }
            seen.record(step.number)
        }
        for number in 0..<failing { try await self.bus.publish(Step(number: number)) }
        await self.bus.settled()
        try await subscription.pause()
        for number in failing..<bound { try await self.bus.publish(Step(number: number)) }
        let publisher = Task { [bus] in try await bus.publish(Step(number: 1_000)).matched }
        await self.bus.suspendedPublishers(1)

        try await subscription.resume()
        #expect(try await seen.expect(bound - failing + 1).last == 1_000)
        #expect(try await publisher.value == 1)
        await self.bus.settled()
        #expect(try await self.bus.metrics().queues.pending == failing)
    }

    @Test("is bounded where the oldest are dropped")
    func boundsDropOldest() async throws {
        try await self.bus.subscribe(to: Step.self, with: self.settings(count: 10, .dropOldest)) { _ in
            throw Broken()
        }
        for number in 0..<100 {
            try await self.bus.publish(Step(number: number))
            await self.bus.settled()
        }

        let queues = try await self.bus.metrics().queues
        #expect(queues.pending == 10)
        #expect(queues.dropped == 90)
    }

    @Test("is bounded in bytes where the oldest are dropped, small ones for a large one")
    func boundsBytesDropOldest() async throws {
        let subscription = try await self.bus.subscribe(to: "raw", with: self.settings(.dropOldest)) { _ in }
        try await subscription.pause()
        for _ in 0..<100 { try await self.bus.publish(bytes: [1], to: "raw") }
        for _ in 0..<20 { try await self.bus.publish(bytes: self.bulky, to: "raw") }

        let queues = try await self.bus.metrics().queues
        #expect(1...3 ~= queues.pending)
        #expect(queues.pending + queues.dropped == 120)
    }

    @Test("counts the bytes of what waits for its retry")
    func countsDelayedBytes() async throws {
        try await self.bus.subscribe(to: "raw", with: self.settings(.reject)) { _ in throw Broken() }
        var accepted = 0
        for _ in 0..<10 {
            do {
                try await self.bus.publish(bytes: self.bulky, to: "raw")
                accepted += 1
            } catch let error as OmnibusError {
                #expect(error.code == .overflow)
            }
            await self.bus.settled()
        }

        #expect(1...3 ~= accepted)
        #expect(try await self.bus.metrics().queues.pending == accepted)
    }
}
