// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Testing

@Suite("A provider with the three required calls", .timeLimit(.minutes(5)))
struct PoorProviderTests {
    let bus = EventBus(provider: PoorProvider())

    @Test("carries events, values, messages and batches to handlers in order")
    func carries() async throws {
        let steps = try await self.bus.recorder(of: Step.self)
        let topics = try await self.bus.recorder(of: "job.step")

        try await self.bus.publish(Step(number: 1))
        try await self.bus.publish(Step(number: 2), to: Step.topic)
        try await self.bus.publish(bytes: Array(#"{"number":3}"#.utf8), to: Step.topic)
        try await self.bus.publish(batch: [Step(number: 4), Step(number: 5)])
        let publisher = try await self.bus.publisher(of: Step.self)
        try await publisher.publish(Step(number: 6))
        #expect(try await steps.expect(6) == (1...6).map(Step.init))
        #expect(try await topics.expect(6).allSatisfy { $0.source != nil && !$0.id.description.isEmpty })
        #expect(Set(topics.all.map(\.id)).count == 6)
    }

    @Test("carries sequences, whose loop acknowledges")
    func carriesSequences() async throws {
        let deliveries = try await self.bus.deliveries(of: "job.step")
        for number in 0..<3 { try await self.bus.publish(Step(number: number)) }
        var numbers: [Int] = []

        for try await delivery in deliveries {
            numbers.append(try delivery.message.payload.decode(as: Step.self, codec: JSONCodec()).number)
            if numbers.count == 3 { break }
        }
        #expect(numbers == [0, 1, 2])
    }

    @Test("carries requests and answers, with the timeout where nobody responds")
    func carriesRequests() async throws {
        try await self.bus.respond(to: "double", as: Int.self) { $0 * 2 }
        #expect(try await self.bus.request(21, to: "double", as: Int.self) == 42)

        let manual = ManualEnvironment(seed: 1)
        let bus = EventBus(provider: PoorProvider(), environment: manual.environment)
        let asking = Task { try await bus.request(1, to: "nobody", as: Int.self, timeout: .seconds(3)) }
        try await manual.clock.timers(atLeast: 1)
        manual.clock.advance(by: .seconds(3))
        await expectError(.timeout) { _ = try await asking.value }
    }

    @Test("carries causes")
    func carriesCauses() async throws {
        let bus = self.bus
        let effects = try await bus.recorder(of: "job.done")
        try await bus.subscribe(to: Step.self) { try await bus.publish(StepDone(number: $0.number)) }

        let id = try await bus.publish(Step(number: 1)).messageID
        let effect = try await effects.next()
        #expect(effect.causationID == id)
        #expect(effect.correlationID == id)
    }

    @Test("is told to try again when a handler fails")
    func retries() async throws {
        let attempts = EventRecorder<Int>()
        let settings = HandlerSettings(failurePolicy: .retry(.none, attempts: 3))
        try await self.bus.subscribe(to: Step.self, with: settings) { _, delivery in
            attempts.record(delivery.attempt)
            throw Broken()
        }

        try await self.bus.publish(Step(number: 1))
        #expect(try await attempts.expect(3) == [1, 2, 3])
    }

    @Test("ends subscriptions, and shuts down")
    func ends() async throws {
        let seen = EventRecorder<Int>()
        let subscription = try await self.bus.subscribe(to: Step.self) { seen.record($0.number) }
        try await self.bus.publish(Step(number: 1))
        try await seen.expect(1)

        try await self.bus.unsubscribe(subscription.id)
        await expectError(.unknownSubscription) { try await self.bus.unsubscribe(subscription.id) }
        try await self.bus.publish(Step(number: 2))
        try await self.bus.subscribe(to: StepDone.self) { _ in }
        let report = try await self.bus.shutdown(deadline: .seconds(5))
        #expect(report.stuck.isEmpty)
        #expect(seen.all == [1])
    }

    @Test("throws 'unsupported', by name, for everything that it lacks")
    func saysWhatItLacks() async throws {
        let bus = self.bus
        let provider = bus.provider
        let subscription = try await bus.subscribe(to: Step.self) { _ in }
        let calls: [(Capability, () async throws -> Void)] = [
            (.synchronousPublish, { try bus.publishNow(Step(number: 1)) }),
            (.topicMetrics, { _ = try await provider.metrics(of: "x") }),
            (.pause, { try await provider.pause(subscription.id) }),
            (.pause, { try await provider.resume(subscription.id) }),
            (.metrics, { _ = try await provider.metrics() }),
            (.topicAdministration, { _ = try await provider.createTopic("x", TopicConfiguration()) }),
            (.topicAdministration, { try await provider.updateTopic("x", TopicConfiguration()) }),
            (.topicAdministration, { _ = try await provider.deleteTopic("x") }),
            (.topicInfo, { _ = try await provider.info(of: "x" as Topic) }),
            (.subscriptionInfo, { _ = try await provider.info(of: subscription.id) }),
            (.unsubscribeByID, { try await provider.unsubscribe(subscription.id) }),
            (Capability(rawValue: "observe"), { try bus.observe(Step.self) { _ in } }),
        ]

        for (capability, call) in calls {
            let error = await expectError(.unsupported, call)
            #expect(error?.details as? String == capability.rawValue)
        }
    }

    @Test("throws 'unsupported' for a group and for a pattern, by name, whatever subscribes")
    func refusesGroupsAndPatterns() async throws {
        let bus = self.bus
        let calls: [(Capability, () async throws -> Void)] = [
            (.groups, { try await bus.subscribe(to: Step.self, group: "g") { _ in } }),
            (.groups, { try await bus.subscribe(to: "job.step", group: "g") { _ in } }),
            (.groups, { _ = try await bus.deliveries(of: "job.step", group: "g") }),
            (.groups, { try await bus.respond(to: "double", as: Int.self, group: "g") { $0 } }),
            (.wildcards, { try await bus.subscribe(to: "job.*") { _ in } }),
            (.wildcards, { _ = try await bus.deliveries(of: "#") }),
        ]

        for (capability, call) in calls {
            let error = await expectError(.unsupported, call)
            #expect(error?.details as? String == capability.rawValue)
        }
    }
}
