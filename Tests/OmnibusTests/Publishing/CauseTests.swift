// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Testing

@Suite("Causes", .timeLimit(.minutes(5)))
struct CauseTests {
    let bus = EventBus()

    @Test("of what a handler publishes are known: cause, correlation and trace", arguments: [false, true])
    func carries(withDelivery: Bool) async throws {
        let bus = self.bus
        let causes = try await bus.recorder(of: "job.step")
        let effects = try await bus.recorder(of: "job.done")
        if withDelivery {
            try await bus.subscribe(to: Step.self) { step, _ in try await bus.publish(StepDone(number: step.number)) }
        } else {
            try await bus.subscribe(to: Step.self) { step in try await bus.publish(StepDone(number: step.number)) }
        }

        for number in 0..<50 { try await bus.publish(Step(number: number)) }
        let first = try await causes.expect(50)
        let second = try await effects.expect(50)
        for (cause, effect) in zip(first, second) {
            #expect(cause.causationID == nil)
            #expect(cause.correlationID == cause.id)
            #expect(effect.causationID == cause.id)
            #expect(effect.correlationID == cause.id)
            #expect(effect.traceContext.traceID == cause.traceContext.traceID)
            #expect(effect.traceContext.spanID != cause.traceContext.spanID)
        }
    }

    @Test("go on over several steps, with one correlation")
    func carriesOn() async throws {
        let bus = self.bus
        let seen = try await bus.recorder(of: "chain.*")
        for (from, to) in [("chain.a", "chain.b"), ("chain.b", "chain.c"), ("chain.c", "chain.d")] {
            let next = try Topic(validating: to)
            try await bus.subscribe(to: TopicPattern(validating: from)) { _ in try await bus.publish(1, to: next) }
        }

        try await bus.publish(1, to: "chain.a")
        let messages = try await seen.expect(4).sorted { $0.topic.name < $1.topic.name }
        #expect(messages.map(\.causationID) == [nil] + messages.dropLast().map { Optional($0.id) })
        #expect(Set(messages.map(\.correlationID)) == [messages[0].id])
        #expect(Set(messages.map(\.traceContext.traceID)).count == 1)
    }

    @Test("are those that a message names itself, where it does")
    func keepsOwn() async throws {
        let bus = self.bus
        let effects = try await bus.recorder(of: "effect")
        try await bus.subscribe(to: Step.self) { _ in
            var message = Message(topic: "effect", payload: 1)
            message.causationID = "somebody-else"
            message.headers = ["own": true]
            try await bus.publish(message)
        }

        let receipt = try await bus.publish(Step(number: 1))
        let effect = try await effects.next()
        #expect(effect.causationID == "somebody-else")
        #expect(effect.correlationID == receipt.messageID)
        #expect(effect.headers["own"] == .boolean(true))
    }

    @Test("are known to children of the handler", arguments: [false, true])
    func reachesChildren(withDelivery: Bool) async throws {
        let bus = self.bus
        let effects = try await bus.recorder(of: "job.done")
        @Sendable func handle(_ step: Step) async throws {
            async let first = bus.publish(StepDone(number: step.number))
            async let second = bus.publish(StepDone(number: step.number))
            _ = try await (first, second)
        }
        if withDelivery {
            try await bus.subscribe(to: Step.self) { step, _ in try await handle(step) }
        } else {
            try await bus.subscribe(to: Step.self) { step in try await handle(step) }
        }

        var ids: [MessageID] = []
        for number in 0..<50 { ids.append(try await bus.publish(Step(number: number)).messageID) }
        for effect in try await effects.expect(100) {
            let number = try effect.payload.decode(as: StepDone.self, codec: JSONCodec()).number
            #expect(effect.causationID == ids[number])
        }
    }

    @Test("of the next message are not seen by a task that a handler has left behind", arguments: [false, true])
    func expires(withDelivery: Bool) async throws {
        let bus = self.bus
        let gate = Gate()
        let effects = try await bus.recorder(of: "job.done")
        let handled = EventRecorder<Int>()
        let blocked = Gate()
        @Sendable func handle(_ step: Step) async throws {
            if step.number == 0 {
                Task {
                    await gate.passStubbornly()
                    try await bus.publish(StepDone(number: 0))
                }
            } else {
                handled.record(step.number)
                try await blocked.pass()
            }
        }
        if withDelivery {
            try await bus.subscribe(to: Step.self) { step, _ in try await handle(step) }
        } else {
            try await bus.subscribe(to: Step.self) { step in try await handle(step) }
        }

        let first = try await bus.publish(Step(number: 0)).messageID
        let second = try await bus.publish(Step(number: 1)).messageID
        #expect(try await handled.next() == 1)
        gate.open()
        let effect = try await effects.next()
        #expect(effect.causationID != second)
        #expect(effect.causationID == nil, "the first message was \(first)")
        blocked.open()
    }

    @Test("are known to a task that a handler has started, as long as the handler runs")
    func reachesTasks() async throws {
        let bus = self.bus
        let effects = try await bus.recorder(of: "job.done")
        try await bus.subscribe(to: Step.self) { step in
            try await Task { _ = try await bus.publish(StepDone(number: step.number)) }.value
        }

        for number in 0..<20 {
            let id = try await bus.publish(Step(number: number)).messageID
            #expect(try await effects.next().causationID == id)
        }
    }

    @Test("are not known to detached tasks, nor outside handlers")
    func staysOutside() async throws {
        let bus = self.bus
        let effects = try await bus.recorder(of: "job.done")
        try await bus.subscribe(to: Step.self) { step in
            try await Task.detached { _ = try await bus.publish(StepDone(number: step.number)) }.value
        }

        try await bus.publish(Step(number: 1))
        #expect(try await effects.next().causationID == nil)
        let receipt = try await bus.publish(StepDone(number: 2))
        let outside = try await effects.next()
        #expect(outside.causationID == nil)
        #expect(outside.correlationID == receipt.messageID)
    }

    @Test("are named by a delivery in the body of a loop")
    func carriesInLoop() async throws {
        let deliveries = try await self.bus.deliveries(of: "job.step")
        let effects = try await self.bus.recorder(of: "job.done")
        let id = try await self.bus.publish(Step(number: 1)).messageID

        for try await delivery in deliveries {
            try await delivery.publish(StepDone(number: 1))
            try await delivery.publish(Message(topic: "job.done", payload: ["number": 2]))
            try await delivery.withContext { _ = try await self.bus.publish(StepDone(number: 3)) }
            try await self.bus.publish(StepDone(number: 4))
            break
        }
        #expect(try await effects.expect(4).map(\.causationID) == [id, id, id, nil])
    }

    @Test("are carried by publishNow and topic publishers as well")
    func carriesByAllWays() async throws {
        let bus = self.bus
        let effects = try await bus.recorder(of: "job.done")
        let publisher = try await bus.publisher(of: StepDone.self)
        try await bus.subscribe(to: Step.self) { _ in
            try bus.publishNow(StepDone(number: 1))
            try await publisher.publish(StepDone(number: 2))
            try publisher.publishNow(StepDone(number: 3))
            try bus.publishNow(4, to: "job.done")
        }

        let id = try await bus.publish(Step(number: 1)).messageID
        #expect(try await effects.expect(4).map(\.causationID) == [id, id, id, id])
    }
}
