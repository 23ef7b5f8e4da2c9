// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus

extension ProviderConformance {
    /// A provider that was disconnected.
    static let endingScenarios: [Scenario] = [
        Scenario("Disconnecting ends the waiting for messages") { run in
            let reader = try await run.subscribe("a")
            let waiting = Task { try await reader.receive(upTo: 1).count }
            for _ in 0..<20 { await Task.yield() }
            try await run.provider.disconnect()
            try run.expect(try await waiting.value, 0, "deliveries for who waited")
        },
        Scenario("A provider that was disconnected refuses what comes after") { run in
            _ = try await run.subscribe("a")
            try await run.provider.disconnect()
            try await run.expectError(.busClosed, from: "publishing") { try await run.publish(1, to: "a") }
            try await run.expectError(.busClosed, from: "subscribing") { _ = try await run.subscribe("a") }
        },
        Scenario("Disconnecting again changes nothing") { run in
            try await run.provider.disconnect()
            try await run.provider.disconnect()
        },
    ]

    /// Bad input is refused at the call that brought it, and changes nothing.
    static let inputScenarios: [Scenario] = [
        Scenario("A message that breaks the rules is refused, and nobody gets it") { run in
            let reader = try await run.subscribe("a")
            var empty = try run.message(1, to: "a")
            empty.key = ""
            var control = try run.message(2, to: "a")
            control.subject = "a\u{0}b"
            var dead = try run.message(3, to: "a")
            dead.timeToLive = .zero
            for message in [empty, control, dead] {
                try await run.expectError(.invalidMessage, from: "publishing it") { try await run.publish(message) }
            }
            try await run.publish(marker, to: "a")
            try run.expect(try await reader.numbers(before: marker), [], "what came")
        },
        Scenario("Only the bus publishes to topics of the system", ways: [.bus]) { run in
            try await run.expectError(.invalidTopic, from: "publishing to 'omnibus.conformance'") {
                try await run.publish(Message(topic: "omnibus.conformance", payload: .empty))
            }
        },
        Scenario("Bounds that make no sense are refused", needs: [.overflow]) { run in
            for bounds in [
                QueueBounds(count: 0), QueueBounds(count: -1), QueueBounds(count: .max), QueueBounds(bytes: 0),
                QueueBounds(count: 1, cascade: -1),
            ] {
                try await run.refuses(SubscriptionSettings(bounds: bounds))
            }
            try await run.refuses(SubscriptionSettings(overflow: .suspend(atMost: .zero)))
        },
        Scenario("A deadline that makes no sense is refused", needs: [.ackDeadline]) { run in
            for deadline in [Duration.zero, .seconds(-1)] {
                try await run.refuses(SubscriptionSettings(ackDeadline: deadline))
            }
        },
        Scenario("The name of a group that makes no sense is refused", needs: [.groups]) { run in
            for name in ["", "a\u{7}", String(repeating: "x", count: 256)] {
                try await run.refuses(SubscriptionSettings(group: name))
            }
        },
        Scenario("A number of attempts that makes no sense is refused", needs: [.deadLetters]) { run in
            for attempts in [0, -1] { try await run.refuses(SubscriptionSettings(maximumAttempts: attempts)) }
        },
        Scenario("Bounds and waiting times may be as large as they can be", needs: [.overflow, .ackDeadline]) { run in
            let settings = SubscriptionSettings(
                bounds: QueueBounds(count: Int(Int32.max), bytes: .max),
                overflow: .suspend(atMost: .seconds(Int64.max / 2)),
                ackDeadline: .seconds(Int64.max / 2)
            )
            let reader = try await run.subscribe("a", settings)
            var message = try run.message(1, to: "a")
            message.timeToLive = Message.maximumTimeToLive
            try await run.publish(message)
            let delivery = try await reader.next()
            try await delivery.extend(by: .seconds(Int64.max / 2))
            try await delivery.nack()
            try await reader.next().ack()
        },
        Scenario("A delay may be as long as it can be", needs: [.delayedRedelivery]) { run in
            let reader = try await run.subscribe("a")
            try await run.publish(1, to: "a")
            try await reader.next().nack(after: .seconds(Int64.max / 2))
            try await run.time.pass(run.time.tick)
            try await run.publish(marker, to: "a")
            try run.expect(try await reader.numbers(before: marker), [], "what came meanwhile")
        },
        Scenario("What a provider does not declare, it refuses by name", ways: [.bare]) { run in
            for (capability, call) in try await Self.calls(run) where !run.capabilities.has(capability) {
                run.step("call what needs '\(capability)'")
                do {
                    try await call()
                } catch let error as OmnibusError where error.code == .unsupported {
                    try run.expect(error.details as? String, capability.rawValue, "the capability in the error")
                    continue
                } catch {
                    throw run.finding("'unsupported' for '\(capability)'", "\(error)")
                }
                throw run.finding("'unsupported' for '\(capability)'", "nothing is thrown")
            }
        },
        Scenario("A provider declares no less for its type than for an instance", ways: [.bare]) { run in
            let more = run.capabilities.abilities.subtracting(type(of: run.provider).capabilities.abilities)
            try run.expect(more.map(\.rawValue).sorted(), [], "abilities of the instance that the type does not have")
        },
    ]

    /// For each capability that has calls of its own, one of them.
    private static func calls(
        _ run: ConformanceRun
    ) async throws -> [(Capability, @Sendable () async throws -> Void)] {
        let (provider, topic) = (run.provider, try run.topic("a"))
        let message = try run.message(1, to: "a")
        let id = try await run.subscribe("a").id
        return [
            (.synchronousPublish, { _ = try provider.offer(message) }),
            (.unsubscribeByID, { try await provider.unsubscribe(id) }),
            (.topicAdministration, { _ = try await provider.createTopic(topic, TopicConfiguration()) }),
            (.topicAdministration, { try await provider.updateTopic(topic, TopicConfiguration()) }),
            (.topicAdministration, { _ = try await provider.deleteTopic(topic) }),
            (.topicInfo, { _ = try await provider.info(of: topic) }),
            (.subscriptionInfo, { _ = try await provider.info(of: id) }),
            (.pause, { try await provider.pause(id) }),
            (.pause, { try await provider.resume(id) }),
            (.metrics, { _ = try await provider.metrics() }),
            (.topicMetrics, { _ = try await provider.metrics(of: topic) }),
            (.scheduling, { _ = try await provider.schedule(message, .after(.seconds(1))) }),
            (.scheduling, { _ = try await provider.scheduled(of: "#") }),
        ]
    }
}

extension ConformanceRun {
    /// Checks that nobody can subscribe with such settings, and that the topic has no subscription then.
    func refuses(_ settings: SubscriptionSettings) async throws {
        try await self.expectError(.invalidSettings, from: "subscribing with settings that make no sense") {
            _ = try await self.subscribe("a", settings)
        }
        guard self.capabilities.has(.matchCount) else { return }
        try self.expect(try await self.publish(1, to: "a").matched, 0, "subscriptions after the refusal")
    }
}
