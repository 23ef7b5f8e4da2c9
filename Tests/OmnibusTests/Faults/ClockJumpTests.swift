// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Testing

@Suite("A wall clock that jumps by years", .timeLimit(.minutes(5)))
struct ClockJumpTests {
    static let years = [Duration.seconds(-30 * 365 * 86_400), .seconds(30 * 365 * 86_400)]

    let manual = ManualEnvironment(seed: 91)
    let bus: EventBus
    let seen = EventRecorder<Int>()

    init() {
        self.bus = self.manual.makeBus(settings: BusSettings(failurePolicy: .threeTimes))
    }

    @Test("changes nothing about when a retry is due", arguments: Self.years)
    func keepsRetries(jump: Duration) async throws {
        let seen = self.seen
        try await self.bus.subscribe(to: Step.self) { _, delivery in
            seen.record(delivery.attempt)
            throw Broken()
        }
        try await self.bus.publish(Step(number: 1))
        await self.bus.settled()
        self.manual.clock.jump(by: jump)
        self.manual.clock.advance(by: .milliseconds(999))
        await self.bus.settled()
        #expect(seen.all == [1])

        self.manual.clock.advance(by: .milliseconds(1))
        await self.bus.settled()
        #expect(seen.all == [1, 2])
        self.manual.clock.jump(by: .zero - jump)
        self.manual.clock.advance(by: .seconds(1))
        await self.bus.settled()

        // Each attempt has the wall clock's reading of its own time.
        let letter = try #require(try self.bus.deadLetters.list().first)
        let first = try #require(letter.attempts.first).time
        #expect(letter.attempts.map(\.time) == [.zero, jump + .seconds(1), .seconds(2)].map(first.advanced(by:)))
        #expect(letter.time == first.advanced(by: .seconds(2)))
        try await assertClean(self.bus)
    }

    @Test("lets ids grow all the same", arguments: Self.years)
    func keepsOrderOfIDs(jump: Duration) async throws {
        var ids: [MessageID] = []
        for step in 0..<6 {
            ids.append(try await self.bus.publish(Step(number: step)).messageID)
            self.manual.clock.jump(by: step.isMultiple(of: 2) ? jump : .zero - jump)
        }

        #expect(zip(ids, ids.dropFirst()).allSatisfy { $0 < $1 })
        try await assertClean(self.bus)
    }

    @Test("ends a time to live early or late, which the wall clock decides", arguments: Self.years)
    func movesExpiry(jump: Duration) async throws {
        let seen = self.seen
        let subscription = try await self.bus.subscribe(to: "job.expiring") { _ in seen.record(1) }
        try await subscription.pause()
        var message = Message(topic: "job.expiring", payload: .empty)
        message.timeToLive = .seconds(10)
        try await self.bus.publish(message)
        self.manual.clock.jump(by: jump)
        try await subscription.resume()
        await self.bus.settled()

        #expect(seen.count == (jump < .zero ? 1 : 0))
        #expect(try self.bus.deadLetters.list().map(\.reason) == (jump < .zero ? [] : [.expired]))
        try await assertClean(self.bus)
    }

    @Test("changes nothing about timeouts of requests and handlers, nor about leases", arguments: Self.years)
    func keepsTimeouts(jump: Duration) async throws {
        let (bus, clock, seen, gate) = (self.bus, self.manual.clock, self.seen, Gate())
        try await bus.subscribe(to: "job.slow", with: HandlerSettings(timeout: .seconds(5))) { _ in
            try await gate.pass()
        }
        try await bus.subscribe(
            to: "job.leased",
            with: HandlerSettings(acknowledging: .manual, ackDeadline: .seconds(5))
        ) { seen.record($0.attempt) }
        let asking = Task { try await bus.request(1, to: "job.slow", as: Int.self, timeout: .seconds(5)) }
        try await bus.publish(1, to: "job.leased")
        try await gate.arrivals(1)
        try await seen.expect(1)
        clock.jump(by: jump)
        clock.advance(by: .milliseconds(4_999))
        #expect(bus.stuckHandlers.isEmpty)
        #expect(seen.count == 1)

        clock.advance(by: .milliseconds(1))
        await expectError(.timeout) { _ = try await asking.value }
        try await seen.expect(2)
        try await bus.shutdown(deadline: .zero)
    }

    @Test(
        "stops at the ends of what a clock can say, and messages still go through",
        arguments: [Duration(attoseconds: .min), Duration(attoseconds: .max)]
    )
    func survivesTheEnds(jump: Duration) async throws {
        let seen = self.seen
        try await self.bus.subscribe(to: Step.self) { seen.record($0.number) }
        try await self.bus.subscribe(to: "job.failing", with: HandlerSettings(failurePolicy: .noRetry)) { _ in
            throw Broken()
        }
        self.manual.clock.jump(by: jump)
        self.manual.clock.jump(by: jump)
        try await self.bus.publish(Step(number: 1))
        var message = Message(topic: "job.failing", payload: .empty)
        message.timeToLive = Message.maximumTimeToLive
        try await self.bus.publish(message)
        self.manual.clock.advance(by: .seconds(1))
        await self.bus.settled()

        #expect(seen.all == [1])
        #expect(try self.bus.deadLetters.count == 1)
        try await assertClean(self.bus)
    }
}
