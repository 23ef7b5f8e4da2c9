// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusTesting
import Testing

@testable import Omnibus

@Suite("Over a provider that can do less, a bus", .timeLimit(.minutes(5)))
struct HostedDeliveryTests {
    @Test("retries by the schedule, and keeps what it gives up on", arguments: Backing.allCases)
    func retries(_ backing: Backing) async throws {
        let hosted = HostedBus(backing, settings: BusSettings(failurePolicy: .threeTimes))
        let clock = hosted.manual.clock
        let start = clock.now
        let attempts = EventRecorder<Int>()
        let notices = try await hosted.bus.recorder(of: "omnibus.dead.job.step")
        try await hosted.bus.subscribe(to: Step.self) { _, delivery in
            attempts.record(delivery.attempt)
            #expect(delivery.message.headers.retryCount == delivery.attempt - 1)
            throw Broken()
        }
        let receipt = try await hosted.bus.publish(Step(number: 7))
        await hosted.bus.settled()
        #expect(attempts.all == [1])
        clock.advance(by: .milliseconds(999))
        await hosted.bus.settled()
        #expect(attempts.all == [1])
        clock.advance(by: .milliseconds(1))
        await hosted.bus.settled()
        #expect(attempts.all == [1, 2])
        clock.advance(by: .seconds(1))
        await hosted.bus.settled()
        #expect(attempts.all == [1, 2, 3])

        let letters = try hosted.bus.deadLetters.list()
        let letter = try #require(letters.first)
        #expect(letters.count == 1)
        #expect(letter.message.id == receipt.messageID)
        #expect(letter.reason == .retriesExhausted)
        #expect(letter.attempts.map(\.attempt) == [1, 2, 3])
        #expect(letter.attempts.map(\.time) == [start, start + .seconds(1), start + .seconds(2)])
        #expect(notices.all.map(\.causationID) == [receipt.messageID])
        let queues = try await hosted.bus.metrics().queues
        #expect(queues.deadLettered == 1)
        #expect(queues.retried == 2)
        #expect(queues.pending == 0)
    }

    @Test("redrives a dead letter to the subscription that gave up on it", arguments: Backing.allCases)
    func redrives(_ backing: Backing) async throws {
        let hosted = HostedBus(backing, settings: BusSettings(failurePolicy: .threeTimes))
        let isBroken = Switch()
        let seen = EventRecorder<Int>()
        let others = try await hosted.bus.recorder(of: Step.self)
        try await hosted.bus.subscribe(to: Step.self) { _, delivery in
            if isBroken.isOn { throw Broken() }
            seen.record(delivery.attempt)
        }
        try await hosted.bus.publish(Step(number: 1))
        await hosted.runOut()
        isBroken.turn(on: false)

        let letter = try #require(try hosted.bus.deadLetters.list().first)
        try await hosted.bus.deadLetters.redrive(letter.id)
        await hosted.bus.settled()
        #expect(seen.all == [1])
        #expect(others.count == 1)
        #expect(try hosted.bus.deadLetters.count == 0)
    }

    @Test("gives up on what has become too old", arguments: Backing.allCases)
    func expires(_ backing: Backing) async throws {
        let policy = FailurePolicy.retry(.fixed([], then: .seconds(10)), attempts: 3)
        let hosted = HostedBus(backing, settings: BusSettings(failurePolicy: policy))
        let attempts = EventRecorder<Int>()
        try await hosted.bus.subscribe(to: Step.self) { _, delivery in
            attempts.record(delivery.attempt)
            throw Broken()
        }
        var message = Message(topic: Step.topic, payload: ["number": 1])
        message.timeToLive = .seconds(5)
        try await hosted.bus.publish(message)
        await hosted.runOut()
        #expect(attempts.all == [1])
        #expect(try hosted.bus.deadLetters.list().map(\.reason) == [.expired])
    }

    @Test("redrives to the topic what had become too old, with its time begun anew", arguments: Backing.allCases)
    func redrivesExpired(_ backing: Backing) async throws {
        let policy = FailurePolicy.retry(.fixed([], then: .seconds(10)), attempts: 3)
        let hosted = HostedBus(backing, settings: BusSettings(failurePolicy: policy))
        let isBroken = Switch()
        let attempts = EventRecorder<Int>()
        try await hosted.bus.subscribe(to: Step.self) { _, delivery in
            if isBroken.isOn { throw Broken() }
            attempts.record(delivery.attempt)
        }
        var message = Message(topic: Step.topic, payload: ["number": 1])
        message.timeToLive = .seconds(5)
        try await hosted.bus.publish(message)
        await hosted.runOut()
        isBroken.turn(on: false)
        let letter = try #require(try hosted.bus.deadLetters.list().first)
        try await hosted.bus.deadLetters.redrive(letter.id, to: .topic)
        await hosted.bus.settled()
        #expect(attempts.all == [1])
        #expect(try hosted.bus.deadLetters.count == 0)
    }

    @Test("keeps what arrives while a subscription is paused", arguments: Backing.allCases)
    func pauses(_ backing: Backing) async throws {
        let hosted = HostedBus(backing)
        let seen = EventRecorder<Int>()
        let subscription = try await hosted.bus.subscribe(to: Step.self) { seen.record($0.number) }
        try await subscription.pause()
        for number in 0..<3 { try await hosted.bus.publish(Step(number: number)) }
        await hosted.fetched(subscription)
        #expect(try await hosted.bus.metrics().queues.pending == 3)
        #expect(seen.all.isEmpty)
        try await subscription.resume()
        await hosted.bus.settled()
        #expect(seen.all == [0, 1, 2])
        await subscription.cancel()
        await expectError(.unknownSubscription) { try await subscription.pause() }
    }

    @Test("counts what becomes of every message", arguments: Backing.allCases)
    func counts(_ backing: Backing) async throws {
        let hosted = HostedBus(backing, settings: BusSettings(failurePolicy: .threeTimes))
        try await hosted.bus.subscribe(to: Step.self, with: HandlerSettings(concurrency: 3)) { step, delivery in
            if step.number % 7 == 0 { throw Broken() }
            if step.number % 5 == 0 { try await delivery.reject(reason: "five") }
        }
        let paused = try await hosted.bus.subscribe(to: StepDone.self) { _ in }
        try await paused.pause()
        for number in 0..<210 { try await hosted.bus.publish(Step(number: number)) }
        for number in 0..<4 { try await hosted.bus.publish(StepDone(number: number)) }
        await hosted.runOut()
        await hosted.fetched(paused)

        let metrics = try await hosted.bus.metrics()
        #expect(metrics.published == 214)
        #expect(metrics.published == metrics.routed + metrics.unrouted + metrics.refused)
        #expect(metrics.subscriptions == 2)
        #expect(metrics.queues.offered == 214)
        #expect(metrics.queues.deadLettered == 30 + 36)
        #expect(metrics.queues.retried == 60)
        #expect(metrics.queues.pending == 4)
        #expect(metrics.queues.accounted == metrics.queues.offered)
        #expect(try hosted.bus.deadLetters.count == 66)

        try await hosted.bus.shutdown()
        let ended = try await hosted.bus.metrics()
        #expect(ended.queues.abandoned == 4)
        #expect(ended.queues.pending == 0)
        #expect(ended.queues.accounted == ended.queues.offered)
        #expect(ended.subscriptions == 0)
    }

    @Test("takes back what is not settled in time", arguments: Backing.allCases)
    func takesBack(_ backing: Backing) async throws {
        let hosted = HostedBus(backing)
        let deliveries = EventRecorder<Delivery>()
        let settings = HandlerSettings(acknowledging: .manual, ackDeadline: .seconds(3))
        try await hosted.bus.subscribe(to: "job.step", with: settings) { deliveries.record($0) }
        try await hosted.bus.publish(Step(number: 1))
        let first = try await deliveries.next()
        hosted.manual.clock.advance(by: .seconds(3))
        let second = try await deliveries.next()
        #expect(second.attempt == 2)
        await expectError(.leaseLost) { try await first.ack() }
        try await second.ack()
        await hosted.bus.settled()
        #expect(try await hosted.bus.metrics().queues.acknowledged == 1)
        if let queue = hosted.provider as? QueueProvider { #expect(queue.subscriptions[0].inFlight == 0) }
    }

    @Test("lets critical messages overtake what it has fetched", arguments: Backing.allCases)
    func overtakes(_ backing: Backing) async throws {
        let hosted = HostedBus(backing)
        let gate = Gate()
        let seen = EventRecorder<Int>()
        let subscription = try await hosted.bus.subscribe(to: Step.self) { step in
            seen.record(step.number)
            try await gate.pass()
        }
        for number in 0..<3 { try await hosted.bus.publish(Step(number: number)) }
        try await gate.arrivals(1)
        try await hosted.bus.publish(Alarm(number: 99))
        await hosted.fetched(subscription)
        gate.open()
        await hosted.bus.settled()
        #expect(seen.all == [0, 99, 1, 2])
    }

    @Test("holds a key through the retries of its message, while others flow past", arguments: Backing.allCases)
    func holdsKeys(_ backing: Backing) async throws {
        let hosted = HostedBus(backing, settings: BusSettings(failurePolicy: .threeTimes))
        let seen = EventRecorder<String>()
        try await hosted.bus.subscribe(to: "work", with: HandlerSettings(concurrency: 4)) { delivery in
            let name = delivery.message.subject ?? ""
            if name == "a1", delivery.attempt == 1 { throw Broken() }
            seen.record(name)
        }
        for name in ["a1", "a2", "b1", "a3", "b2", "c1"] {
            var message = Message(topic: "work", key: String(name.prefix(1)), payload: .empty)
            message.subject = name
            try await hosted.bus.publish(message)
        }
        await hosted.bus.settled()
        #expect(Set(seen.all) == ["b1", "b2", "c1"])
        hosted.manual.clock.advance(by: .seconds(1))
        await hosted.bus.settled()
        #expect(seen.all.filter { $0.hasPrefix("a") } == ["a1", "a2", "a3"])
        #expect(seen.all.filter { $0.hasPrefix("b") } == ["b1", "b2"])
        #expect(seen.count == 6)
    }

    @Test("stops everything through a retry where strict order was asked for", arguments: Backing.allCases)
    func isStrict(_ backing: Backing) async throws {
        let hosted = HostedBus(backing, settings: BusSettings(failurePolicy: .threeTimes))
        let seen = EventRecorder<Int>()
        let settings = HandlerSettings(concurrency: 4, ordering: .strict)
        try await hosted.bus.subscribe(to: Step.self, with: settings) { step, delivery in
            if step.number == 0, delivery.attempt < 3 { throw Broken() }
            seen.record(step.number)
        }
        for number in 0..<5 { try await hosted.bus.publish(Step(number: number)) }
        await hosted.bus.settled()
        #expect(seen.all.isEmpty)
        await hosted.runOut()
        #expect(seen.all == [0, 1, 2, 3, 4])
    }
}
