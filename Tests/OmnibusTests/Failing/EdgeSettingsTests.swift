// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Testing

@Suite("A setting at the edge", .timeLimit(.minutes(5)))
struct EdgeSettingsTests {
    /// Longer than any clock counts.
    static let endless = Duration.seconds(Int64.max)

    struct Patient: RetryAdvising {
        var retryAdvice: OmnibusError.Advice? { .retry(after: EdgeSettingsTests.endless) }
    }

    private func makeBus(_ isLive: Bool) -> EventBus {
        isLive ? EventBus() : ManualEnvironment(seed: 31).makeBus()
    }

    @Test("lets a handler put off a message, or throw advice, for ever", arguments: [false, true])
    func waitsForEver(isLive: Bool) async throws {
        let bus = self.makeBus(isLive)
        try await bus.subscribe(to: "put.off") { try await $0.nack(after: Self.endless) }
        try await bus.subscribe(to: "advised") { _ in throw Patient() }
        try await bus.subscribe(to: Step.self) { _ in throw Patient() }
        for topic in ["put.off", "advised"] as [Topic] { try await bus.publish(1, to: topic) }
        try await bus.publish(Step(number: 1))

        await bus.settled()
        let queues = try await bus.metrics().queues
        #expect([queues.retried, queues.pending] == [3, 3])
        try await bus.shutdown(deadline: .zero)
    }

    @Test("lets a request, a shutdown, a publisher and a lease wait for ever", arguments: [false, true])
    func allowsForEver(isLive: Bool) async throws {
        let bus = self.makeBus(isLive)
        let gate = Gate()
        try await bus.respond(to: "double", as: Int.self) { $0 * 2 }
        #expect(try await bus.request(1, to: "double", as: Int.self, timeout: Self.endless) == 2)

        try await bus.subscribe(
            to: Step.self,
            with: HandlerSettings(bounds: QueueBounds(count: 1), overflow: .suspend(atMost: Self.endless))
        ) { _ in try await gate.pass() }
        try await bus.publish(Step(number: 0))
        try await gate.arrivals(1)
        try await bus.publish(Step(number: 1))
        let publisher = Task { try await bus.publish(Step(number: 2)).matched }
        await bus.suspendedPublishers(1)

        let leased = EventRecorder<Void>()
        try await bus.subscribe(
            to: "leased",
            with: HandlerSettings(acknowledging: .manual, ackDeadline: Self.endless)
        ) { delivery in
            try await delivery.extend(by: Self.endless)
            try await delivery.ack()
            leased.record(())
        }
        var message = Message(topic: "leased", payload: .empty)
        message.timeToLive = Message.maximumTimeToLive
        try await bus.publish(message)
        try await leased.expect(1)

        gate.open()
        #expect(try await publisher.value == 1)
        #expect(try await bus.shutdown(deadline: Self.endless).wasCancelled == false)
    }

    static let absurd: [FailurePolicy] = [
        .retry(.exponential(multiplier: .nan)), .retry(.exponential(multiplier: .infinity)),
        FailurePolicy(attempts: 0), .retry(.fixed([.seconds(-1)], then: .zero)),
    ]

    @Test("refuses an absurd policy of the bus, and one for errors of a type, when it is used", arguments: 0..<4)
    func refusesAbsurdPolicy(index: Int) async throws {
        let policy = Self.absurd[index]
        let bus = EventBus(settings: BusSettings(failurePolicy: policy))
        await expectError(.invalidSettings) { try await bus.subscribe(to: Step.self) { _ in } }
        await expectError(.invalidSettings) { try await bus.subscribe(to: "#") { _ in } }
        await expectError(.invalidSettings) { _ = try await bus.deliveries(of: "#") }

        let other = EventBus()
        let settings = HandlerSettings(failurePolicy: .threeTimes.with(policy, for: Broken.self))
        await expectError(.invalidSettings) { try await other.subscribe(to: Step.self, with: settings) { _ in } }
        let nested = FailurePolicy.threeTimes.with(.threeTimes.with(policy, for: Broken.self), for: Broken.self)
        await expectError(.invalidSettings) {
            try await other.subscribe(to: "#", with: HandlerSettings(failurePolicy: nested)) { _ in }
        }
        #expect(try await bus.metrics().subscriptions + other.metrics().subscriptions == 0)
    }

    @Test("refuses an ack deadline where nothing is settled by hand", arguments: [nil, AckPolicy.onReturn, .onReceipt])
    func refusesDeadline(acknowledging: AckPolicy?) async throws {
        let bus = EventBus()
        let settings = HandlerSettings(acknowledging: acknowledging, ackDeadline: .seconds(1))

        await expectError(.invalidSettings) { try await bus.subscribe(to: Step.self, with: settings) { _ in } }
        await expectError(.invalidSettings) { try await bus.subscribe(to: "#", with: settings) { _ in } }
    }

    @Test("makes as many attempts as the policy for the error's type says", arguments: [1, 7])
    func countsByType(attempts: Int) async throws {
        let bus = EventBus()
        let (whole, plain) = (EventRecorder<Void>(), EventRecorder<Void>())
        let policy = FailurePolicy(attempts: 2, schedule: .none)
            .with(.retry(.none, attempts: attempts), for: Broken.self)
        try await bus.subscribe(to: Step.self, with: HandlerSettings(failurePolicy: policy)) { _ in
            plain.record(())
            throw Broken()
        }
        try await bus.subscribe(to: "job.step", with: HandlerSettings(failurePolicy: policy)) { _ in
            whole.record(())
            throw Broken()
        }

        try await bus.publish(Step(number: 1))
        await bus.settled()
        #expect([plain.count, whole.count] == [attempts, attempts])
    }

    @Test(
        "obeys max_retries at its ends, by throwing and by nack()",
        arguments: [(Int.max, 5), (0, 1)],
        [false, true]
    )
    func obeysMaxRetries(maximum: (retries: Int, attempts: Int), byNack: Bool) async throws {
        let bus = EventBus()
        let attempts = EventRecorder<Int>()
        let settings = HandlerSettings(failurePolicy: .retry(.none, attempts: 5))
        try await bus.subscribe(to: "job", with: settings) { delivery in
            attempts.record(delivery.attempt)
            if byNack { try await delivery.nack() } else { throw Broken() }
        }
        var message = Message(topic: "job", payload: .empty)
        message.headers.maxRetries = maximum.retries

        try await bus.publish(message)
        await bus.settled()
        #expect(attempts.all == Array(1...maximum.attempts))
        #expect(try bus.deadLetters.count == 1)
    }

    @Test("lets a message that had expired begin anew when it is redriven")
    func redrivesExpired() async throws {
        let manual = ManualEnvironment(seed: 32)
        let bus = manual.makeBus()
        let seen = EventRecorder<Int>()
        let subscription = try await bus.subscribe(to: "job") { seen.record($0.attempt) }
        try await subscription.pause()
        var message = Message(topic: "job", payload: .empty)
        message.timeToLive = .milliseconds(50)
        try await bus.publish(message)
        manual.clock.advance(by: .milliseconds(100))
        try await subscription.resume()
        await bus.settled()
        #expect(try bus.deadLetters.list().map(\.reason) == [.expired])

        #expect(try await bus.deadLetters.redriveAll() == 1)
        await bus.settled()
        #expect(seen.all == [1])
        #expect(try bus.deadLetters.count == 0)
    }
}
