// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Testing

@Suite("A failing handler", .timeLimit(.minutes(5)))
struct RetryTests {
    let manual: ManualEnvironment

    init() {
        self.manual = ManualEnvironment(seed: 11)
    }

    init(manual: ManualEnvironment) {
        self.manual = manual
    }

    /// Subscribes a handler that always fails; records the uptime of each attempt.
    private func failingBus(
        _ policy: FailurePolicy,
        throwing error: any Error = Broken()
    ) async throws -> (bus: EventBus, attempts: EventRecorder<Duration>) {
        let bus = self.manual.makeBus(settings: BusSettings(failurePolicy: policy))
        let attempts = EventRecorder<Duration>()
        let clock = self.manual.clock
        try await bus.subscribe(to: Step.self) { _ in
            attempts.record(clock.uptime())
            throw error
        }
        return (bus, attempts)
    }

    /// Advances from timer to timer until nothing is left to wait for.
    private func runOut(_ bus: EventBus) async {
        await bus.settled()
        while let time = self.manual.clock.timeToNextTimer {
            self.manual.clock.advance(by: time)
            await bus.settled()
        }
    }

    static let schedules: [(RetrySchedule, [Int])] = [
        (.exponential(jitter: .none), [0, 1, 3, 7, 15]),
        (.exponential(initial: .seconds(2), multiplier: 3, cap: .seconds(10), jitter: .none), [0, 2, 8, 18, 28]),
        (.linear(initial: .seconds(1), step: .seconds(2)), [0, 1, 4, 9, 16]),
        (.fixed([.seconds(1), .seconds(5)], then: .seconds(30)), [0, 1, 6, 36, 66]),
        (RetrySchedule.none, [0, 0, 0, 0, 0]),
    ]

    @Test("is tried again exactly when the schedule says", arguments: Self.schedules)
    func keepsSchedule(schedule: RetrySchedule, seconds: [Int]) async throws {
        let (bus, attempts) = try await self.failingBus(.retry(schedule, attempts: 5))

        try await bus.publish(Step(number: 1))
        await self.runOut(bus)
        #expect(attempts.all == seconds.map { .seconds($0) })
    }

    @Test("is not tried again before the time has come")
    func waitsForItsTime() async throws {
        let (bus, attempts) = try await self.failingBus(.threeTimes)

        try await bus.publish(Step(number: 1))
        await bus.settled()
        self.manual.clock.advance(by: .milliseconds(999))
        await bus.settled()
        #expect(attempts.count == 1)
        self.manual.clock.advance(by: .milliseconds(1))
        await bus.settled()
        #expect(attempts.count == 2)
    }

    @Test("spreads attempts within the bounds of its jitter", arguments: [UInt64](0..<20))
    func jitters(seed: UInt64) {
        let random = SeededRandom(seed: seed)
        let full = RetrySchedule.exponential(initial: .seconds(1), multiplier: 2, cap: .seconds(8), jitter: .full)
        let equal = RetrySchedule.exponential(initial: .seconds(1), multiplier: 2, cap: .seconds(8), jitter: .equal)
        var delays: Set<Duration> = []

        for attempt in 1...10 {
            let whole = Duration.seconds(min(8, 1 << (attempt - 1)))
            let fraction = Double(random.next() >> 11) * 0x1p-53
            let first = full.delay(afterAttempt: attempt, fraction: fraction)
            let second = equal.delay(afterAttempt: attempt, fraction: fraction)
            #expect(first >= .zero && first <= whole, "\(random)")
            #expect(second >= whole / 2 && second <= whole, "\(random)")
            delays.insert(first)
        }
        #expect(delays.count == 10, "\(random)")
    }

    @Test("follows the bus's random numbers, so that a seed repeats a run")
    func repeatsWithSeed() async throws {
        func attempts(_ seed: UInt64) async throws -> [Duration] {
            let test = RetryTests(manual: ManualEnvironment(seed: seed))
            let (bus, attempts) = try await test.failingBus(FailurePolicy())
            try await bus.publish(Step(number: 1))
            await test.runOut(bus)
            return attempts.all
        }

        let first = try await attempts(1)
        #expect(first.count == 5)
        #expect(try await attempts(1) == first)
        #expect(try await attempts(2) != first)
        for (index, time) in first.enumerated().dropFirst() {
            #expect(time - first[index - 1] <= .seconds(1 << (index - 1)))
        }
    }

    @Test("lets other messages pass while one waits for its retry")
    func letsOthersPass() async throws {
        let bus = self.manual.makeBus(settings: BusSettings(failurePolicy: .threeTimes))
        let seen = EventRecorder<Int>()
        try await bus.subscribe(to: Step.self) { step, delivery in
            if step.number == 0, delivery.attempt == 1 { throw Broken() }
            seen.record(step.number)
        }

        for number in 0..<3 { try await bus.publish(Step(number: number)) }
        await bus.settled()
        #expect(seen.all == [1, 2])
        self.manual.clock.advance(by: .seconds(1))
        await bus.settled()
        #expect(seen.all == [1, 2, 0])
    }

    @Test("counts attempts from one, and writes them into the message")
    func countsAttempts() async throws {
        let bus = self.manual.makeBus(settings: BusSettings(failurePolicy: .threeTimes))
        let attempts = EventRecorder<[Int]>()
        try await bus.subscribe(to: Step.self) { _, delivery in
            attempts.record([delivery.attempt, delivery.message.headers.retryCount])
            throw Broken()
        }

        try await bus.publish(Step(number: 1))
        await self.runOut(bus)
        #expect(attempts.all == [[1, 0], [2, 1], [3, 2]])
    }

    @Test(
        "tries no more often than a message's own max_retries allows, nor than the policy",
        arguments: [(0, 1), (1, 2), (2, 3), (9, 3)]
    )
    func obeysMaxRetries(maximum: Int, expected: Int) async throws {
        let (bus, attempts) = try await self.failingBus(.threeTimes)
        let message = try Message(
            topic: Step.topic,
            payload: ["number": 1],
            standardHeaders: ["max_retries": .integer(Int64(maximum))]
        )

        try await bus.publish(message)
        await self.runOut(bus)
        #expect(attempts.count == expected)
    }

    struct Advising: RetryAdvising {
        var retryAdvice: OmnibusError.Advice?
    }

    @Test("obeys an error that says when to try again")
    func obeysRetryAdvice() async throws {
        let error = Advising(retryAdvice: .retry(after: .seconds(7)))
        let (bus, attempts) = try await self.failingBus(.threeTimes, throwing: error)

        try await bus.publish(Step(number: 1))
        await self.runOut(bus)
        #expect(attempts.all == [.zero, .seconds(7), .seconds(14)])
    }

    @Test("gives up at once on an error that says so", arguments: [OmnibusError.Advice.giveUp, .deadLetter])
    func obeysGivingUp(advice: OmnibusError.Advice) async throws {
        let (bus, attempts) = try await self.failingBus(.threeTimes, throwing: Advising(retryAdvice: advice))

        try await bus.publish(Step(number: 1))
        await self.runOut(bus)
        #expect(attempts.count == 1)
        #expect(try bus.deadLetters.count == 1)
    }

    @Test("leaves it to the policy when an error has no advice")
    func ignoresMissingAdvice() async throws {
        let (bus, attempts) = try await self.failingBus(.threeTimes, throwing: Advising(retryAdvice: nil))

        try await bus.publish(Step(number: 1))
        await self.runOut(bus)
        #expect(attempts.all == [.zero, .seconds(1), .seconds(2)])
    }

    @Test("follows another policy for errors of a type")
    func overridesByType() async throws {
        let policy = FailurePolicy.threeTimes.with(.noRetry, for: Broken.self)
        let (bus, attempts) = try await self.failingBus(policy)

        try await bus.publish(Step(number: 1))
        await self.runOut(bus)
        #expect(attempts.count == 1)
    }

    @Test("follows its own policy rather than the bus's")
    func overridesBus() async throws {
        let bus = self.manual.makeBus()
        let attempts = EventRecorder<Void>()
        try await bus.subscribe(to: Step.self, with: HandlerSettings(failurePolicy: .threeTimes)) { _ in
            attempts.record(())
            throw Broken()
        }

        try await bus.publish(Step(number: 1))
        await self.runOut(bus)
        #expect(attempts.count == 3)
    }

    @Test("keeps retries of several handlers apart, whichever is due first", arguments: [1, 4])
    func retriesConcurrently(concurrency: Int) async throws {
        let bus = self.manual.makeBus()
        let attempts = EventRecorder<Duration>()
        let clock = self.manual.clock
        try await bus.subscribe(to: Step.self, with: HandlerSettings(concurrency: concurrency)) { step, delivery in
            if delivery.attempt == 1 { return try await delivery.nack(after: .seconds(step.number)) }
            attempts.record(clock.uptime())
        }

        for number in (1...40).reversed() { try await bus.publish(Step(number: number)) }
        await self.runOut(bus)
        #expect(attempts.all == (1...40).map { .seconds($0) })
    }

    @Test("refuses a policy that makes no sense, and changes nothing")
    func refusesBadPolicy() async throws {
        let bus = self.manual.makeBus()
        for policy in [
            FailurePolicy(attempts: 0), FailurePolicy(schedule: .fixed([.seconds(-1)], then: .zero)),
            FailurePolicy(schedule: .exponential(multiplier: .nan)),
        ] {
            await expectError(.invalidSettings) {
                try await bus.subscribe(to: Step.self, with: HandlerSettings(failurePolicy: policy)) { _ in }
            }
        }
        #expect(try await bus.metrics().subscriptions == 0)
    }
}
