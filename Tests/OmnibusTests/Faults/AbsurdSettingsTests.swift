// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Testing

/// Every setting with every absurd value: it is refused by name, or it works.
@Suite("An absurd setting", .timeLimit(.minutes(5)))
struct AbsurdSettingsTests {
    let manual = ManualEnvironment(seed: 94)

    /// Makes a bus and a subscription, handles a message, and lets another one fail for as long as it likes.
    private func use(_ settings: AbsurdValues.Settings, isGood: Bool, name: String) async throws {
        let bus = self.manual.makeBus(settings: settings.bus)
        let seen = EventRecorder<Int>()
        @Sendable func handle(_ delivery: Delivery) async throws {
            seen.record(delivery.attempt)
            guard delivery.message.payload != .empty else { throw Broken() }
            if settings.handler.acknowledging == .manual { try await delivery.ack() }
        }
        guard isGood else {
            let error = await expectError(.invalidSettings) {
                try await bus.subscribe(to: "absurd", with: settings.handler, handler: handle)
            }
            #expect(error?.message.contains("'\(name)'") == true, "\(String(describing: error))")
            #expect(try await bus.metrics().subscriptions == 0)
            return try await assertClean(bus)
        }
        try await bus.subscribe(to: "absurd", with: settings.handler, handler: handle)
        try await bus.publish(Message(topic: "absurd", payload: 1))
        try await seen.expect(1)
        await bus.settled()
        try await bus.publish(Message(topic: "absurd", payload: .empty))
        await bus.settled()
        for _ in 0..<6 {
            guard let next = self.manual.clock.timeToNextTimer else { break }
            self.manual.clock.advance(by: next)
            await bus.settled()
        }
        #expect(seen.count >= 2)
        try await assertClean(bus, deadline: .zero)
    }

    @Test("that is a number is refused by name, or works", arguments: AbsurdValues.countSettings, AbsurdValues.counts)
    func counts(setting: AbsurdValues.Count, value: Int) async throws {
        var settings = AbsurdValues.Settings()
        setting.set(&settings, value)
        try await self.use(settings, isGood: setting.isGood(value), name: setting.testDescription)
    }

    @Test("that is a time is refused by name, or works", arguments: AbsurdValues.timeSettings, AbsurdValues.times)
    func times(setting: AbsurdValues.Time, value: Duration) async throws {
        var settings = AbsurdValues.Settings()
        setting.set(&settings, value)
        try await self.use(settings, isGood: setting.isGood(value), name: setting.testDescription)
    }

    @Test(
        "that multiplies is refused by name, or works",
        arguments: [
            Double.nan, .signalingNaN, .infinity, -.infinity, -1, 0, 0.999, .leastNonzeroMagnitude, 1, 1_000,
            1_000.001, .greatestFiniteMagnitude,
        ],
        [RetrySchedule.Jitter.none, .full, .equal]
    )
    func multiplies(value: Double, jitter: RetrySchedule.Jitter) async throws {
        let schedule = RetrySchedule.exponential(multiplier: value, cap: AbsurdValues.years, jitter: jitter)
        let settings = AbsurdValues.Settings(
            handler: HandlerSettings(failurePolicy: .retry(schedule, attempts: 1_000_000))
        )
        try await self.use(settings, isGood: (1...1_000).contains(value), name: "multiplier")
        // Whatever was validated or not, the sum of it all is in range.
        for attempt in [Int.min, 0, 1, 2, 1_000_000, Int.max] {
            for fraction in [0, 0.5, 1.0.nextDown, -1, .infinity, .nan] {
                let delay = schedule.delay(afterAttempt: attempt, fraction: fraction)
                #expect(delay >= .zero && delay <= AbsurdValues.years)
            }
        }
    }

    @Test("of a topic is refused by name, or works", arguments: AbsurdValues.counts)
    func topics(value: Int) async throws {
        let bus = self.manual.makeBus()
        func create(_ configuration: TopicConfiguration) async throws {
            _ = try await bus.provider.createTopic("absurd", configuration)
            _ = try await bus.provider.deleteTopic("absurd")
        }
        if value == 1 {
            try await create(TopicConfiguration(partitions: value))
        } else {
            await expectError(.invalidSettings) { try await create(TopicConfiguration(partitions: value)) }
        }
        if value > 0 {
            try await create(TopicConfiguration(maximumMessageSize: value))
        } else {
            await expectError(.invalidSettings) { try await create(TopicConfiguration(maximumMessageSize: value)) }
        }
        try await assertClean(bus)
    }

    @Test("of a broker counts as the nearest that works", arguments: AbsurdValues.counts)
    func limits(value: Int) async throws {
        var limits = InMemoryBroker.Limits()
        limits.deadLetters = value
        let broker = InMemoryBroker(environment: self.manual.environment, limits: limits)
        let bus = EventBus(
            provider: broker,
            environment: self.manual.environment,
            settings: BusSettings(failurePolicy: .noRetry)
        )
        try await bus.subscribe(to: Step.self) { _ in throw Broken() }
        for number in 0..<3 { try await bus.publish(Step(number: number)) }
        await bus.settled()
        #expect(try bus.deadLetters.count == (value <= 1 ? 1 : 3))
        #expect(InMemoryBroker.Limits(maximumMessageSize: value).maximumMessageSize >= 1)
        #expect(try bus.deadLetters.list(limit: value).count == min(max(value, 0), try bus.deadLetters.count))
        try await assertClean(bus)
    }

    @Test("of a call is refused by name, or works", arguments: AbsurdValues.times)
    func calls(value: Duration) async throws {
        let bus = self.manual.makeBus()
        let seen = EventRecorder<OmnibusError.Code?>()
        @Sendable func outcome(_ body: () async throws -> Void) async -> OmnibusError.Code? {
            do {
                try await body()
                return nil
            } catch {
                return (error as? OmnibusError)?.code
            }
        }
        try await bus.respond(to: "double", as: Int.self) { $0 * 2 }
        try await bus.subscribe(to: "put.off") { delivery in
            if delivery.attempt > 1 { return }
            seen.record(await outcome { try await delivery.extend(by: value) })
            seen.record(await outcome { try await delivery.nack(after: value) })
        }
        let asked = await outcome { _ = try await bus.request(2, to: "double", as: Int.self, timeout: value) }
        #expect(asked == (value > .zero ? nil : .invalidSettings))
        try await bus.publish(1, to: "put.off")
        try await seen.expect(2)
        // A lease cannot be made shorter. To put a message off by nothing is to have it again at once.
        #expect(seen.all == [value > .zero ? nil : .invalidSettings, value >= .zero ? nil : .invalidSettings])
        let published = await outcome {
            var message = Message(topic: "put.off", payload: 1)
            message.timeToLive = value
            try await bus.publish(message)
        }
        #expect(published == (value > .zero && value <= Message.maximumTimeToLive ? nil : .invalidMessage))
        await bus.settled()
        let idle = self.manual.makeBus()
        let ended = await outcome { _ = try await idle.shutdown(deadline: value) }
        #expect(ended == (value >= .zero ? nil : .invalidSettings))
        try await bus.shutdown(deadline: .zero)
    }

    @Test("of a count of answers is refused by name, or works", arguments: AbsurdValues.counts)
    func answers(value: Int) async throws {
        let bus = self.manual.makeBus()
        try await bus.respond(to: "double", as: Int.self) { $0 * 2 }
        guard value > 0 else {
            await expectError(.invalidSettings) {
                _ = try await bus.replies(to: 1, on: "double", as: Int.self, limit: value)
            }
            return try await assertClean(bus)
        }
        var answers: [Int] = []
        for try await answer in try await bus.replies(to: 1, on: "double", as: Int.self, limit: value) {
            answers.append(answer)
            if value == .max { break }
        }
        #expect(answers == [2])
        try await assertClean(bus)
    }
}
