// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusTesting
import Synchronization
import Testing

@testable import Omnibus

/// Requests whose handler begins on the requester's thread, because its worker sleeps.
@Suite("A request handled in place", .timeLimit(.minutes(5)))
struct InPlaceTests {
    private let manual = ManualEnvironment(seed: 19)
    private let bus: EventBus

    init() {
        self.bus = self.manual.makeBus()
    }

    /// Waits until all workers of a topic's only queue sleep, or have lent their places.
    private func asleep(_ count: Int = 1, on topic: Topic = "double") async throws {
        let memory = try #require(self.bus.memory)
        let lane = try #require(memory.responders(on: topic).lanes.first)
        while lane.sleepers.workers.values.reduce(0, +) < count { await Task.yield() }
    }

    private func double(_ number: Int, timeout: Duration = .seconds(30)) async throws -> Int {
        try await self.bus.request(number, to: "double", as: Int.self, timeout: timeout)
    }

    @Test("runs in the place of a worker, which is counted like any other delivery", arguments: [false, true])
    func isCounted(isSynchronous: Bool) async throws {
        let seen = EventRecorder<Int>()
        let memory = try #require(self.bus.memory)
        let handler: @Sendable (Int) throws -> Int = { number in
            // While it runs, no worker sleeps: the place is lent.
            seen.record(memory.responders(on: "double").lanes.first?.sleepers.workers.count ?? -1)
            return number * 2
        }
        if isSynchronous {
            try await self.bus.respond(synchronouslyTo: "double", handler: handler)
        } else {
            try await self.bus.respond(to: "double") { try handler($0) }
        }
        try await self.asleep()

        for number in 0..<100 { #expect(try await self.double(number) == number * 2) }
        #expect(seen.all == Array(repeating: 0, count: 100))
        let metrics = try await self.bus.metrics()
        #expect(metrics.published == 100)
        #expect(metrics.queues.offered == 100 && metrics.queues.acknowledged == 100)
        #expect(metrics.queues.inFlight == 0 && metrics.queues.pending == 0)
        #expect(self.manual.clock.pendingTimers == 0)
    }

    @Test("never runs more handlers at once than there are workers", arguments: [1, 3])
    func keepsConcurrency(concurrency: Int) async throws {
        let running = Atomic<Int>(0)
        let most = Atomic<Int>(0)
        try await self.bus.respond(to: "double", with: HandlerSettings(concurrency: concurrency)) { (number: Int) in
            let now = running.add(1, ordering: .sequentiallyConsistent).newValue
            most.max(now, ordering: .sequentiallyConsistent)
            if number.isMultiple(of: 3) { await Task.yield() }
            running.subtract(1, ordering: .sequentiallyConsistent)
            return number * 2
        }
        try await self.asleep(concurrency)

        try await withThrowingTaskGroup(of: Bool.self) { group in
            for asker in 0..<8 {
                group.addTask {
                    for number in 0..<200 where try await self.double(number + asker) != (number + asker) * 2 {
                        return false
                    }
                    return true
                }
            }
            for try await isRight in group { #expect(isRight) }
        }
        #expect(most.load(ordering: .sequentiallyConsistent) <= concurrency)
        await self.bus.settled()
        let queues = try await self.bus.metrics().queues
        #expect(queues.offered == 1_600 && queues.acknowledged == 1_600)
    }

    @Test("names the request as the cause of what its handler publishes", arguments: [false, true])
    func names(isSynchronous: Bool) async throws {
        let bus = self.bus
        let effects = try await bus.recorder(of: "effect")
        let handler: @Sendable (Int) throws -> Int = { number in
            _ = try bus.publishNow(Message(topic: "effect", payload: .init(json: .integer(Int64(number)))))
            return number * 2
        }
        if isSynchronous {
            try await bus.respond(synchronouslyTo: "double", handler: handler)
        } else {
            try await bus.respond(to: "double") { try handler($0) }
        }
        try await self.asleep()

        _ = try await self.double(1)
        let first = try await effects.next()
        #expect(first.causationID != nil && first.causationID == first.correlationID)

        try await bus.subscribe(to: Step.self) { _ in _ = try await self.double(2) }
        let receipt = try await bus.publish(Step(number: 1))
        let second = try await effects.next()
        #expect(second.correlationID == receipt.messageID)
        #expect(second.causationID != nil && second.causationID != receipt.messageID)
    }

    @Test("gets what the handler has thrown, as `requestFailed`", arguments: [false, true])
    func fails(isSynchronous: Bool) async throws {
        let handler: @Sendable (Int) throws -> Int = { _ in throw Broken() }
        if isSynchronous {
            try await self.bus.respond(synchronouslyTo: "double", handler: handler)
        } else {
            try await self.bus.respond(to: "double") { try handler($0) }
        }
        try await self.asleep()

        let error = await expectError(.requestFailed) { _ = try await self.double(1) }
        #expect(error?.message.contains("it is broken") == true)
        #expect(try await self.bus.metrics().queues.acknowledged == 1)
    }

    @Test("goes on elsewhere once its handler waits, and can be cancelled or run out of time")
    func goesOnElsewhere() async throws {
        let gate = Gate()
        try await self.bus.respond(to: "double") { (number: Int) in
            try await gate.pass()
            return number * 2
        }
        try await self.asleep()

        let asking = Task.detached { try await self.double(1, timeout: .seconds(2)) }
        try await gate.arrivals(1)
        #expect(self.bus.inbox.topicsAsked.map(\.topic) == ["double"])
        #expect(try await self.bus.metrics().queues.inFlight == 1)
        self.manual.clock.advance(by: .seconds(2))
        await expectError(.timeout) { _ = try await asking.value }
        gate.letOneThrough()
        await self.bus.settled()
        #expect(self.bus.inbox.late == 1 && self.bus.inbox.topicsAsked.isEmpty)

        try await self.asleep()
        let cancelled = Task.detached { try await self.double(1) }
        try await gate.arrivals(2)
        cancelled.cancel()
        await expectError(.cancelled) { _ = try await cancelled.value }
        gate.letOneThrough()
        await self.bus.settled()

        try await self.asleep()
        let answered = Task.detached { try await self.double(21) }
        try await gate.arrivals(3)
        gate.open()
        #expect(try await answered.value == 42)
        #expect(self.manual.clock.pendingTimers == 0)
    }

    @Test("fails with the timeout when the handler has kept it longer than that, and is queued the next time")
    func keepsTime() async throws {
        let clock = self.manual.clock
        let seen = EventRecorder<Int>()
        let memory = try #require(self.bus.memory)
        try await self.bus.respond(to: "double") { (number: Int) in
            if number == 0 { clock.advance(by: .seconds(3)) }
            seen.record(memory.responders(on: "double").lanes.first?.inFlightSlots ?? -1)
            return number * 2
        }
        try await self.asleep()

        await expectError(.timeout) { _ = try await self.double(0, timeout: .seconds(2)) }
        #expect(self.bus.inbox.late == 1)
        try await self.asleep()
        #expect(try await self.double(1) == 2)
        // What is queued is held by handle while it is handled.
        #expect(seen.all == [0, 1])
    }

    @Test("waits where the subscription is paused, and is refused once it has ended")
    func keepsPause() async throws {
        let subscription = try await self.bus.respond(to: "double") { (number: Int) in number * 2 }
        try await self.asleep()
        #expect(try await self.double(1) == 2)

        try await subscription.pause()
        let asking = Task.detached { try await self.double(2) }
        while try await self.bus.metrics().queues.pending == 0 { await Task.yield() }
        try await subscription.resume()
        #expect(try await asking.value == 4)

        await subscription.cancel()
        await expectError(.noResponder) { _ = try await self.double(3) }
    }

    @Test("is waited for when the bus shuts down, and cancelled at the deadline")
    func isShutDown() async throws {
        let begun = Gate()
        let ended = EventRecorder<Bool>()
        try await self.bus.respond(to: "double") { (number: Int) in
            do {
                try await begun.pass()
            } catch {
                ended.record(Task.isCancelled)
                throw error
            }
            return number * 2
        }
        try await self.asleep()
        let asking = Task.detached { try await self.double(1) }
        try await begun.arrivals(1)

        let shutdown = Task { [bus] in try await bus.shutdown(deadline: .seconds(5)) }
        while self.manual.clock.pendingTimers < 2 { await Task.yield() }
        #expect(ended.count == 0)
        self.manual.clock.advance(by: .seconds(5))
        #expect(try await ended.next())
        _ = try await shutdown.value
        await expectError(.requestFailed) { _ = try await asking.value }
    }

    @Test("does not nest without end")
    func nests() async throws {
        let bus = self.bus
        let topics = try (0...40).map { try Topic(validating: "level.\($0)") }
        for (level, topic) in topics.enumerated() {
            try await bus.respond(to: topic) { (number: Int) -> Int in
                guard level < 40 else { return number }
                return try await bus.request(number + 1, to: topics[level + 1], as: Int.self)
            }
        }
        for topic in topics { try await self.asleep(on: topic) }

        for _ in 0..<10 { #expect(try await bus.request(0, to: "level.0", as: Int.self) == 40) }
    }

    @Test("is queued for an actor, which must not be kept from going on")
    func sparesActors() async throws {
        actor Asker {
            let bus: EventBus
            init(_ bus: EventBus) { self.bus = bus }
            func ask() async throws -> Int { try await self.bus.request(4, to: "double", as: Int.self) }
        }
        let seen = EventRecorder<Int>()
        let memory = try #require(self.bus.memory)
        try await self.bus.respond(to: "double") { (number: Int) in
            seen.record(memory.responders(on: "double").lanes.first?.inFlightSlots ?? -1)
            return number * 2
        }
        try await self.asleep()

        #expect(try await Asker(self.bus).ask() == 8)
        #expect(seen.all == [1])
    }

    @Test("is queued where somebody else wants the message as well")
    func isSeenByOthers() async throws {
        try await self.bus.respond(to: "double") { (number: Int) in number * 2 }
        let seen = try await self.bus.recorder(of: "double")
        try await self.asleep()

        #expect(try await self.double(3) == 6)
        #expect(try await seen.next().replyTo != nil)
    }

    @Test("is queued where the types are others, and decoded")
    func decodes() async throws {
        struct Given: Codable { var number: Int }
        struct Taken: Codable { var number: Double }
        try await self.bus.respond(to: "double") { (given: Taken) in Taken(number: given.number * 2) }
        try await self.asleep()

        let answer = try await self.bus.request(Given(number: 4), to: "double", as: Given.self)
        #expect(answer.number == 8)
    }

    @Test("is queued between two buses, whose handlers belong to their own")
    func staysOnBus() async throws {
        let broker = InMemoryBroker(environment: self.manual.environment)
        let asking = EventBus(provider: broker, environment: self.manual.environment)
        let answering = EventBus(provider: broker, environment: self.manual.environment)
        let gate = Gate()
        try await answering.respond(to: "double") { (number: Int) in
            try await gate.pass()
            // The bus drains, and its own handlers may still publish.
            _ = try answering.publishNow(Message(topic: "effect", payload: 1))
            return number * 2
        }
        let lane = try #require(answering.memory?.responders(on: "double").lanes.first)
        while lane.sleepers.workers.isEmpty { await Task.yield() }

        let request = Task.detached { try await asking.request(4, to: "double", as: Int.self) }
        try await gate.arrivals(1)
        #expect(lane.inFlightSlots == 1)
        let shutdown = Task { try await answering.shutdown(deadline: .seconds(5)) }
        while answering.phase.load(ordering: .acquiring) == .open { await Task.yield() }
        gate.open()
        #expect(try await request.value == 8)
        _ = try await shutdown.value
        try await asking.shutdown()
    }

    @Test("is queued where handlers have an executor, which they might reach after a cancellation")
    func needsNoExecutor() async throws {
        final class Elsewhere: TaskExecutor {
            func enqueue(_ job: consuming ExecutorJob) { globalConcurrentExecutor.enqueue(job) }
        }
        let environment = BusEnvironment(clock: SystemClock(), random: SystemRandom(), executor: Elsewhere())
        let bus = EventBus(environment: environment)
        let seen = EventRecorder<Int>()
        let memory = try #require(bus.memory)
        try await bus.respond(to: "double") { (number: Int) in
            seen.record(memory.responders(on: "double").lanes.first?.inFlightSlots ?? -1)
            return number * 2
        }
        #expect(try await bus.request(4, to: "double", as: Int.self) == 8)
        #expect(seen.all == [1])
        try await bus.shutdown()
    }
}
