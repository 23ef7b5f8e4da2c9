// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusTesting
import Testing

@Suite("A check for what was left behind", .timeLimit(.minutes(5)))
struct LeakCheckTests {
    struct Parcel: Event {
        static let topic: Topic = "leak.parcel"
        var number: Int
    }

    struct Lost: Error {}

    let manual = ManualEnvironment(seed: 41)

    /// Expects leaks, and returns them.
    private func leaks(
        of bus: EventBus,
        patience: Duration = .milliseconds(20),
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> [Leak] {
        let failure = await #expect(throws: LeakFailure.self, sourceLocation: sourceLocation) {
            try await assertClean(bus, deadline: .zero, patience: patience)
        }
        return try #require(failure, sourceLocation: sourceLocation).leaks
    }

    @Test("passes a bus that has done all kinds of work", arguments: [false, true])
    func passes(isManual: Bool) async throws {
        let seen = EventRecorder<Int>()
        let environment = isManual ? self.manual.environment : .live
        let result = try await withCleanBus(environment: environment) { bus in
            try await bus.subscribe(to: Parcel.self, with: HandlerSettings(concurrency: 3, timeout: .seconds(9))) {
                seen.record($0.number)
            }
            try await bus.subscribe(to: "leak.failing", with: HandlerSettings(failurePolicy: .noRetry)) { _ in
                throw Lost()
            }
            try await bus.respond(to: "leak.question", as: Int.self) { $0 + 1 }
            let sequence = try await bus.deliveries(of: "leak.*")
            let reader = Task {
                for try await delivery in sequence where delivery.message.topic == "leak.parcel" { break }
            }
            let other = try await bus.deliveries(of: "leak.other")
            let endless = Task { for try await _ in other {} }
            for number in 1...10 { try await bus.publish(Parcel(number: number)) }
            try await bus.publish(1, to: "leak.failing")
            #expect(try await bus.request(1, to: "leak.question", as: Int.self) == 2)
            try await seen.expect(10)
            try await reader.value
            await sequence.cancel()
            _ = endless
            return 7
        }
        #expect(result == 7)
        #expect(self.manual.clock.pendingTimers == 0)
    }

    @Test("passes a bus that was shut down before, and one that has done nothing")
    func passesAgain() async throws {
        let bus = self.manual.makeBus()
        try await bus.shutdown()
        try await assertClean(bus)
        try await assertClean(bus)
        try await assertClean(EventBus())
    }

    @Test("moves the clock on for retries that are due within the deadline")
    func movesClock() async throws {
        let policy = FailurePolicy.retry(.fixed([], then: .milliseconds(300)), attempts: 3)
        let bus = self.manual.makeBus(settings: BusSettings(failurePolicy: policy))
        let attempts = EventRecorder<Int>()
        try await bus.subscribe(to: Parcel.self) { _, delivery in
            attempts.record(delivery.attempt)
            throw Lost()
        }
        try await bus.publish(Parcel(number: 1))

        try await assertClean(bus)
        #expect(attempts.all == [1, 2, 3])
    }

    @Test("names a handler that does not return, by what it listens to and its call site", arguments: [false, true])
    func namesHandler(isManual: Bool) async throws {
        let bus = isManual ? self.manual.makeBus() : EventBus()
        let gate = Gate()
        let line = #line + 1
        try await bus.subscribe(to: Parcel.self) { _ in await gate.passStubbornly() }
        try await bus.subscribe(to: "leak.quick") { _ in }
        try await bus.publish(Parcel(number: 1))
        try await gate.arrivals(1)

        let leak = try #require(try await self.leaks(of: bus).first)
        #expect(leak.kind == .handler)
        #expect(leak.name == "'leak.parcel'")
        #expect(leak.callSite == CallSite(file: "OmnibusTestingTests/LeakCheckTests.swift", line: line))
        #expect(leak.description.contains("LeakCheckTests.swift:\(line)"))
        gate.open()
        try await assertClean(bus)
    }

    @Test("counts the handlers of a group's member that do not return, and not those that do")
    func counts() async throws {
        let bus = EventBus()
        let gate = Gate()
        for _ in 0..<2 {
            try await bus.subscribe(to: Parcel.self, group: "g", with: HandlerSettings(concurrency: 2)) { parcel in
                if parcel.number < 3 { await gate.passStubbornly() }
            }
        }
        for number in 1...9 { try await bus.publish(Parcel(number: number)) }
        try await gate.arrivals(2)

        let leaks = try await self.leaks(of: bus)
        #expect(leaks.map(\.count).reduce(0, +) == 2)
        #expect(leaks.allSatisfy { $0.kind == .handler && $0.name == "group 'g' of 'leak.parcel'" })
        gate.open()
        try await assertClean(bus)
    }

    @Test("names a sequence that was left open, and none that was cancelled, read to its end, or let go")
    func namesSequence() async throws {
        let bus = self.manual.makeBus()
        let open = try await bus.deliveries(of: "leak.open")
        let cancelled = try await bus.deliveries(of: "leak.cancelled")
        let read = try await bus.deliveries(of: "leak.read")
        do { _ = try await bus.deliveries(of: "leak.gone") }
        await cancelled.cancel()
        let reader = Task { for try await _ in read {} }

        let leaks = try await self.leaks(of: bus)
        #expect(leaks.map(\.kind) == [.sequence])
        #expect(leaks.first?.name == "'leak.open'")
        #expect(leaks.first?.callSite?.file == "OmnibusTestingTests/LeakCheckTests.swift")
        try await reader.value
        await open.cancel()
        try await assertClean(bus)
        withExtendedLifetime((open, cancelled, read)) {}
    }

    @Test("names a request that nobody has answered, and its timer")
    func namesRequest() async throws {
        let bus = self.manual.makeBus()
        let listener = try await bus.recorder(of: "leak.question")
        let asking = Task { try await bus.request(1, to: "leak.question", as: Int.self, timeout: .seconds(3_600)) }
        try await listener.expect(1)

        let leaks = try await self.leaks(of: bus)
        #expect(leaks.map(\.kind) == [.request, .timer])
        #expect(leaks.first?.name == "'leak.question'")
        asking.cancel()
        _ = await asking.result
        try await assertClean(bus)
    }

    @Test("names a publisher that waits for room in a queue of another bus on the same broker")
    func namesPublisher() async throws {
        let broker = InMemoryBroker(environment: self.manual.environment)
        let bus = EventBus(provider: broker, environment: self.manual.environment)
        let slow = EventBus(provider: broker, environment: self.manual.environment)
        let gate = Gate()
        let settings = HandlerSettings(bounds: QueueBounds(count: 1), overflow: .suspend(atMost: .seconds(3_600)))
        try await slow.subscribe(to: Parcel.self, with: settings) { _ in try await gate.pass() }
        try await bus.publish(Parcel(number: 1))
        try await gate.arrivals(1)
        try await bus.publish(Parcel(number: 2))
        let publisher = Task { try await bus.publish(Parcel(number: 3)) }
        try await self.manual.clock.timers(atLeast: 1)
        while bus.leaks().allSatisfy({ $0.kind != .publisher }) { await Task.yield() }

        let leaks = try await self.leaks(of: bus)
        #expect(leaks.contains { $0.kind == .publisher && $0.name == "'leak.parcel'" && $0.count == 1 })
        gate.open()
        _ = await publisher.result
        try await assertClean(slow)
        try await assertClean(bus)
    }

    @Test("names a timer that is left on the clock")
    func namesTimer() async throws {
        let bus = self.manual.makeBus()
        let sleeper = Task { [clock = self.manual.clock] in try await clock.sleep(for: .seconds(60)) }
        try await self.manual.clock.timers(atLeast: 1)
        try await bus.shutdown()

        let leaks = try await self.leaks(of: bus)
        #expect(leaks.map(\.kind) == [.timer])
        #expect(leaks.first?.name.contains("60.0 seconds") == true)
        sleeper.cancel()
        _ = await sleeper.result
        try await assertClean(bus)
    }

    @Test("lists everything in one error, and where it was looked for")
    func describes() async throws {
        let bus = self.manual.makeBus()
        let open = try await bus.deliveries(of: "leak.open")
        let other = try await bus.deliveries(of: "leak.other")
        let line = #line + 1
        func check() async throws { try await assertClean(bus, patience: .zero) }
        let failure = await #expect(throws: LeakFailure.self) { try await check() }

        let text = try #require(failure?.description)
        #expect(text.contains("LeakCheckTests.swift:\(line)"))
        #expect(text.split(separator: "\n").count == 3)
        #expect(text.contains("1 sequence of 'leak.open'"))
        #expect(text.contains("1 sequence of 'leak.other'"))
        withExtendedLifetime((open, other)) {}
    }

    @Test("lets through what the function throws")
    func passesErrorsOn() async throws {
        let gate = Gate()
        await #expect(throws: Lost.self) {
            try await withCleanBus { bus in
                try await bus.subscribe(to: Parcel.self) { _ in try await gate.pass() }
                try await bus.publish(Parcel(number: 1))
                throw Lost()
            }
        }
    }
}
