// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Testing

@Suite("Room in a queue", .timeLimit(.minutes(5)))
struct RoomTests {
    let manual = ManualEnvironment(seed: 51)
    let bus: EventBus
    let log = EventRecorder<String>()

    init() {
        let policy = FailurePolicy.retry(.fixed([], then: .seconds(10)), attempts: 3)
        self.bus = self.manual.makeBus(settings: BusSettings(failurePolicy: policy))
    }

    @Test("is given to a patient publisher as soon as there is any")
    func anyRoom() async throws {
        let (gate, log) = (Gate(), self.log)
        try await self.bus.subscribe(to: Job.self, with: HandlerSettings(bounds: QueueBounds(count: 64))) { job in
            log.record(job.name)
            try await gate.pass()
        }
        // One is in the handler's hands, and the rest fills the queue.
        try await self.bus.publish(Job("0"))
        _ = try await log.expect(1)
        for number in 1..<65 { try await self.bus.publish(Job("\(number)")) }
        let publisher = Task { [bus] in try await bus.publish(Job("last")) }
        await self.bus.suspendedPublishers(1)
        // Its limit and its patience are set just after it has its place.
        try await self.manual.clock.timers(atLeast: 2)
        self.manual.clock.advance(by: .milliseconds(10))
        gate.letOneThrough()
        _ = try await publisher.value
        #expect(log.count <= 3)
        gate.open()
        await self.bus.settled()
        #expect(log.count == 66)
    }

    @Test("is given to one after the other of those who wait behind a slow handler, whenever it comes free")
    func roomForEach() async throws {
        let (gate, bus) = (Gate(), self.bus)
        let settings = HandlerSettings(bounds: QueueBounds(count: 1_024))
        try await bus.subscribe(to: Job.self, with: settings) { _ in try await gate.pass() }
        try await bus.publish(Job("0"))
        try await gate.arrivals(1)
        for number in 1...1_024 { try await bus.publish(Job("\(number)")) }
        let publishers = (0..<8).map { number in Task { try await bus.publish(Job("late \(number)")) } }
        await bus.suspendedPublishers(8)
        // The limit of each, and one timer for the patience of all.
        try await self.manual.clock.timers(atLeast: 9)
        for handled in 1...8 {
            self.manual.clock.advance(by: .milliseconds(100))
            gate.letOneThrough()
            try await gate.arrivals(handled + 1)
            #expect(bus.suspendedPublishers == 8 - handled)
        }
        for publisher in publishers { _ = try await publisher.value }
        #expect(self.manual.clock.pendingTimers == 0)
        gate.open()
        await bus.settled()
        #expect(try await bus.metrics().queues.acknowledged == 1_033)
        #expect(self.manual.clock.pendingTimers == 0)
    }

    @Test("is given out within the bound in bytes")
    func bytes() async throws {
        let settings = HandlerSettings(bounds: QueueBounds(count: 100, bytes: 1_000))
        let subscription = try await self.bus.subscribe(to: "blobs", with: settings) { _ in }
        try await subscription.pause()
        let blob = [UInt8](repeating: 1, count: 900)
        try await self.bus.publish(bytes: blob, to: "blobs")
        let publishers = (0..<5).map { _ in Task { [bus] in try await bus.publish(bytes: blob, to: "blobs") } }
        await self.bus.suspendedPublishers(5)
        self.manual.clock.advance(by: .milliseconds(10))
        #expect(try await self.bus.metrics().queues.pending == 1)
        try await subscription.resume()
        for publisher in publishers { _ = try await publisher.value }
        await self.bus.settled()
        #expect(try await self.bus.metrics().queues.acknowledged == 6)
    }

    @Test("behind a key is not used up by what the queue has refused")
    func refusalsBehindAKey() async throws {
        let (log, isBroken) = (self.log, Switch())
        let settings = HandlerSettings(bounds: QueueBounds(count: 4, cascade: 0, parkedPerKey: 2), overflow: .reject)
        let subscription = try await self.bus.subscribe(to: Job.self, with: settings) { job in
            log.record(job.name)
            if job.name == "a1", isBroken.isOn { throw Broken() }
        }
        try await self.bus.publish(Job("a1", key: "a"))
        await self.bus.settled()
        try await subscription.pause()
        for number in 0..<3 { try await self.bus.publish(Job("b\(number)", key: "b")) }
        for _ in 0..<6 { await expectError(.overflow) { try await self.bus.publish(Job("a2", key: "a")) } }
        try await subscription.resume()
        await self.bus.settled()
        try await self.bus.publish(Job("a3", key: "a"))
        isBroken.turn(on: false)
        self.manual.clock.advance(by: .seconds(10))
        await self.bus.settled()
        #expect(log.all == ["a1", "b0", "b1", "b2", "a1", "a3"])
    }

    @Test("in the control lane is bounded too, and given out for itself")
    func urgent() async throws {
        let log = self.log
        let subscription = try await self.bus.subscribe(
            to: "jobs",
            with: HandlerSettings(bounds: QueueBounds(count: 4))
        ) { log.record($0.message.jobName) }
        try await subscription.pause()
        for number in 0..<4 { try await self.bus.publish(Message.job("c\(number)", priority: .critical)) }
        let publishers = (4..<9).map { number in
            Task { [bus] in try await bus.publish(Message.job("c\(number)", priority: .critical)) }
        }
        await self.bus.suspendedPublishers(5)
        try await self.bus.publish(Message.job("n"))
        #expect(try await self.bus.metrics().queues.pending == 5)
        try await subscription.resume()
        for publisher in publishers { _ = try await publisher.value }
        await self.bus.settled()
        #expect(Set(log.all) == Set((0..<9).map { "c\($0)" } + ["n"]))
    }

    @Test("is left to others by critical messages without end")
    func urgentWithoutEnd() async throws {
        let (bus, log) = (self.bus, self.log)
        let subscription = try await bus.subscribe(to: "jobs") { delivery in
            let name = delivery.message.jobName
            log.record(name)
            if name == "c", log.count < 300 { try await bus.publish(Message.job("c", priority: .critical)) }
        }
        try await subscription.pause()
        try await bus.publish(Message.job("n"))
        try await bus.publish(Message.job("c", priority: .critical))
        try await subscription.resume()
        await bus.settled()
        let place = try #require(log.all.firstIndex(of: "n"))
        #expect(place >= 1 && place <= 65)
    }

    @Test("for other keys is there although more waits behind one than may")
    func restFlows() async throws {
        let log = self.log
        let subscription = try await self.bus.subscribe(
            to: Job.self,
            with: HandlerSettings(bounds: QueueBounds(count: 16, parked: 2))
        ) { job in
            log.record(job.name)
            if job.name == "a0" { throw Broken() }
        }
        try await subscription.pause()
        for number in 0..<12 { try await self.bus.publish(Job("a\(number)", key: "a")) }
        try await self.bus.publish(Job("b", key: "b"))
        try await subscription.resume()
        await self.bus.settled()
        #expect(log.all == ["a0", "b"])
    }
}
