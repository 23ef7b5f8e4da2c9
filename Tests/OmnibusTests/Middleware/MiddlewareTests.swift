// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Testing

@Suite("Middleware", .timeLimit(.minutes(5)))
struct MiddlewareTests {
    let steps = EventRecorder<String>()

    @Test("around publishing runs in the order in which it is listed, the first outermost")
    func runsInOrder() async throws {
        let steps = self.steps
        let bus = EventBus(
            settings: BusSettings(publishMiddleware: [
                .around("a") { message, next in
                    steps.record("a in")
                    defer { steps.record("a out") }
                    return try await next(message)
                },
                .changing("b") { _ in steps.record("b") },
                .around("c") { message, next in
                    steps.record("c in")
                    defer { steps.record("c out") }
                    return try await next(message)
                },
            ])
        )

        try await bus.publish(Step(number: 1))
        #expect(steps.all == ["a in", "b", "c in", "c out", "a out"])
    }

    @Test("changes what is published, whichever way")
    func changes() async throws {
        let bus = EventBus(
            settings: BusSettings(publishMiddleware: [.changing("stamp") { $0.headers = ["stamped": true] }])
        )
        let seen = try await bus.recorder(of: "#")
        let publisher = try await bus.publisher(of: Step.self)

        try await bus.publish(Step(number: 1))
        try await bus.publish(2, to: "plain")
        try bus.publishNow(Step(number: 3))
        try await publisher.publish(Step(number: 4))
        try publisher.publishNow(Step(number: 5))
        try await bus.publish(batch: [Step(number: 6)])
        for message in try await seen.expect(6) { #expect(message.headers["stamped"] == .boolean(true)) }
    }

    @Test("refuses a message by throwing, and nobody gets it")
    func refuses() async throws {
        let bus = EventBus(settings: BusSettings(publishMiddleware: [.changing("no") { _ in throw Broken() }]))
        let seen = try await bus.recorder(of: Step.self)

        await #expect(throws: Broken.self) { try await bus.publish(Step(number: 1)) }
        let error = await expectError(.invalidMessage) { try bus.publishNow(Step(number: 1)) }
        #expect(error?.cause is Broken)
        let result = try await bus.publish(batch: [Step(number: 1)])
        #expect(result.errors.map(\.code) == [.invalidMessage])
        await bus.settled()
        #expect(seen.count == 0)
    }

    @Test("keeps a message to itself by not going on")
    func swallows() async throws {
        let bus = EventBus(
            settings: BusSettings(publishMiddleware: [
                .around("filter") { message, next in
                    if message.topic == Step.topic { return PublishReceipt(messageID: "kept", matched: 0) }
                    return try await next(message)
                }
            ])
        )
        let seen = try await bus.recorder(of: "job.*")

        #expect(try await bus.publish(Step(number: 1)).messageID == "kept")
        try await bus.publish(StepDone(number: 1))
        #expect(try await seen.next().topic == "job.done")
        #expect(seen.count == 1)
    }

    @Test("that makes a message invalid is found out")
    func isValidated() async throws {
        let bus = EventBus(
            settings: BusSettings(publishMiddleware: [.changing("bad") { $0.timeToLive = .seconds(-1) }])
        )

        await expectError(.invalidMessage) { try await bus.publish(Step(number: 1)) }
        await expectError(.invalidMessage) { try bus.publishNow(Step(number: 1)) }
    }

    @Test("that may suspend is not for publishNow, which says so by name")
    func isUnsupportedNow() async throws {
        let bus = EventBus(
            settings: BusSettings(publishMiddleware: [.around("slow one") { try await $1($0) }])
        )

        let error = await expectError(.unsupported) { try bus.publishNow(Step(number: 1)) }
        #expect(error?.message.contains("slow one") == true)
        #expect(error?.details as? String == Capability.synchronousPublish.rawValue)
    }

    @Test("around handling runs in order, and its context reaches the handler")
    func handles() async throws {
        let steps = self.steps
        let bus = EventBus(
            settings: BusSettings(handleMiddleware: [
                .around("a") { delivery, next in
                    steps.record("a in")
                    var delivery = delivery
                    delivery.context["user"] = "ada"
                    try await next(delivery)
                    steps.record("a out")
                },
                .around("b") { delivery, next in
                    steps.record("b sees \(delivery.context["user"] as? String ?? "nobody")")
                    try await next(delivery)
                },
            ])
        )
        try await bus.subscribe(to: Step.self) { _, delivery in
            steps.record("handler sees \(delivery.context["user"] as? String ?? "nobody")")
        }

        try await bus.publish(Step(number: 1))
        await bus.settled()
        #expect(steps.all == ["a in", "b sees ada", "handler sees ada", "a out"])
    }

    @Test("around handling wraps handlers of events alone, too")
    func handlesEvents() async throws {
        let steps = self.steps
        let bus = EventBus(
            settings: BusSettings(handleMiddleware: [
                .around("a") { delivery, next in
                    steps.record("\(delivery.attempt)")
                    try await next(delivery)
                }
            ])
        )
        try await bus.subscribe(to: Step.self) { steps.record("handled \($0.number)") }

        try await bus.publish(Step(number: 7))
        await bus.settled()
        #expect(steps.all == ["1", "handled 7"])
    }

    @Test("around handling fails the attempt by throwing")
    func failsAttempts() async throws {
        let bus = EventBus(
            settings: BusSettings(
                failurePolicy: .noRetry,
                handleMiddleware: [.around("guard") { _, _ in throw Broken() }]
            )
        )
        let seen = try await bus.recorder(of: Step.self)

        try await bus.publish(Step(number: 1))
        await bus.settled()
        #expect(seen.count == 0)
        #expect(try bus.deadLetters.list().first?.lastError?.errorType == "Broken")
    }

    @Test("around handling may skip the handler, which counts as handled")
    func skips() async throws {
        let bus = EventBus(settings: BusSettings(handleMiddleware: [.around("skip") { _, _ in }]))
        let seen = try await bus.recorder(of: Step.self)

        try await bus.publish(Step(number: 1))
        await bus.settled()
        #expect(seen.count == 0)
        #expect(try await bus.metrics().queues.acknowledged == 1)
    }
}
