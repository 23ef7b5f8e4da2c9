// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus

extension ProviderConformance {
    /// Messages that are delivered at a time.
    static let schedulingScenarios: [Scenario] = [
        Scenario("A scheduled message comes no earlier than after its delay", needs: [.scheduling]) { run in
            let time = run.time
            let reader = try await run.subscribe("a")
            let start = time.now
            let scheduled = try await run.schedule(try run.message(1, to: "a"), .after(time.tick * 3))
            let (passed, id) = try await time.passing {
                let delivery = try await reader.next()
                let passed = time.now - start
                try await delivery.ack()
                return (passed, delivery.message.id)
            }
            try run.expect(
                passed >= time.tick * 3 - time.tolerance,
                "the message comes \(time.tick * 3) later",
                found: "\(passed) later"
            )
            try run.expect(id, scheduled.id, "the id of what comes")
        },
        Scenario("A scheduled message comes at a time of the wall clock", needs: [.scheduling]) { run in
            let time = run.time
            let reader = try await run.subscribe("a")
            let due = time.environment.clock.now.advanced(by: time.tick * 10)
            let scheduled = try await run.schedule(try run.message(1, to: "a"), .at(due))
            try run.expect(scheduled.due, due, "the time that it is due")
            let delivered = try await time.passing {
                try await reader.next().ack()
                return time.environment.clock.now
            }
            try run.expect(
                delivered >= due.advanced(by: .zero - time.tick),
                "the message comes at \(due)",
                found: "it came at \(delivered)"
            )
        },
        Scenario("Scheduled messages come in the order in which they are due", needs: [.scheduling]) { run in
            let time = run.time
            let reader = try await run.subscribe("a")
            for (number, delay) in [(1, 6), (2, 2), (3, 4)] {
                try await run.schedule(try run.message(number, to: "a"), .after(time.tick * delay))
            }
            let numbers = try await time.passing {
                var numbers: [Int?] = []
                for _ in 0..<3 {
                    let delivery = try await reader.next()
                    try await delivery.ack()
                    numbers.append(delivery.message.number)
                }
                return numbers
            }
            try run.expect(numbers, [2, 3, 1], "the order of what waited 6, 2 and 4 ticks")
        },
        Scenario("A scheduled message that is cancelled does not come", needs: [.scheduling]) { run in
            let reader = try await run.subscribe("a")
            let scheduled = try await run.schedule(try run.message(1, to: "a"), .after(run.time.tick * 2))
            try run.expect(try await scheduled.cancel(), true, "whether cancelling was in time")
            try run.expect(try await scheduled.cancel(), false, "whether cancelling again was in time")
            try await run.time.pass(run.time.tick * 3)
            try await run.publish(marker, to: "a")
            try run.expect(try await reader.numbers(before: marker), [], "what came after its time")
        },
        Scenario("Messages that wait for their time can be listed", needs: [.scheduling]) { run in
            let late = try await run.schedule(try run.message(1, to: "a"), .after(.seconds(86_400)))
            let early = try await run.schedule(try run.message(2, to: "a"), .after(.seconds(3_600)))
            let cancelled = try await run.schedule(try run.message(3, to: "a"), .after(.seconds(60)))
            _ = try await run.schedule(try run.message(4, to: "b"), .after(.seconds(60)))
            try await cancelled.cancel()
            let found = try await run.provider.scheduled(of: try run.pattern("a"))
            try run.expect(found.map(\.id), [early.id, late.id], "what waits, the earliest first")
            for scheduled in try await run.provider.scheduled(of: try run.pattern("#")) { try await scheduled.cancel() }
        },
        Scenario("The time to live of a scheduled message begins when it is due", needs: [.scheduling, .timeToLive]) {
            run in
            let reader = try await run.subscribe("a")
            var message = try run.message(1, to: "a")
            message.timeToLive = run.time.tick * 3.5
            try await run.schedule(message, .after(run.time.tick * 4))
            try await run.time.pass(run.time.tick * 4.5)
            try await run.publish(marker, to: "a")
            try run.expect(try await reader.numbers(before: marker), [1], "what comes within its time")
        },
        Scenario("A time that makes no sense is refused, and nothing waits for it", needs: [.scheduling]) { run in
            let message = try run.message(1, to: "a")
            for time in [DeliveryTime.after(.seconds(-1)), .after(.seconds(Int64.max / 2))] {
                try await run.expectError(.invalidSettings, from: "publishing \(time)") {
                    try await run.schedule(message, time)
                }
            }
            let count = try await run.provider.scheduled(of: try run.pattern("#")).count
            try run.expect(count, 0, "messages that wait")
        },
    ]

    /// Repetitions that are noticed.
    static let deduplicationScenarios: [Scenario] = [
        Scenario(
            "A message that is published again within the window comes once",
            needs: [.deduplication, .topicAdministration]
        ) { run in
            try await run.makeWindow("a", run.time.tick * 1_000)
            let reader = try await run.subscribe("a")
            let first = try await run.publish(try run.repeated(1, to: "a"))
            let second = try await run.publish(try run.repeated(1, to: "a"))
            try run.expect(first.isDuplicate, false, "whether the first is a duplicate")
            try run.expect(second.isDuplicate, true, "whether the second is a duplicate")
            try run.expect(second.messageID, first.messageID, "the id in the second receipt")
            try await run.publish(marker, to: "a")
            try run.expect(try await reader.numbers(before: marker), [1], "what came")
        },
        Scenario("A message is no duplicate once the window is over", needs: [.deduplication, .topicAdministration]) {
            run in
            try await run.makeWindow("a", run.time.tick)
            let reader = try await run.subscribe("a")
            try await run.publish(try run.repeated(1, to: "a"))
            try await run.time.pass(run.time.tick * 3)
            let again = try await run.publish(try run.repeated(1, to: "a"))
            try run.expect(again.isDuplicate, false, "whether it is a duplicate")
            try await run.publish(marker, to: "a")
            try run.expect(try await reader.numbers(before: marker), [1, 1], "what came")
        },
        Scenario(
            "The same id from another source, or on another topic, is no duplicate",
            needs: [.deduplication, .topicAdministration]
        ) { run in
            try await run.makeWindow("a", run.time.tick * 1_000)
            try await run.makeWindow("b", run.time.tick * 1_000)
            try await run.publish(try run.repeated(1, to: "a"))
            var other = try run.repeated(1, to: "a")
            other.source = "somewhere/else"
            try run.expect(try await run.publish(other).isDuplicate, false, "whether one of another source is")
            let elsewhere = try await run.publish(try run.repeated(1, to: "b"))
            try run.expect(elsewhere.isDuplicate, false, "whether one on another topic is")
        },
        Scenario("A window that makes no sense is refused", needs: [.deduplication, .topicAdministration]) { run in
            for window in [DeduplicationWindow(time: .zero), DeduplicationWindow(count: 0)] {
                try await run.expectError(.invalidSettings, from: "creating a topic with \(window)") {
                    let settings = TopicConfiguration(deduplication: window)
                    _ = try await run.provider.createTopic(try run.topic("a"), settings)
                }
            }
        },
    ]
}

extension ConformanceRun {
    @discardableResult
    fileprivate func schedule(_ message: Message, _ time: DeliveryTime) async throws -> ScheduledMessage {
        self.step("schedule \(message.number ?? -1) to '\(message.topic)' \(time)")
        guard let bus = self.bus else { return try await self.provider.schedule(message, time) }
        switch time {
        case .after(let delay): return try await bus.publish(message, after: delay)
        case .at(let time): return try await bus.publish(message, at: time)
        }
    }

    /// Creates a topic that notices repetitions.
    fileprivate func makeWindow(_ words: String, _ time: Duration) async throws {
        let settings = TopicConfiguration(deduplication: DeduplicationWindow(time: time))
        _ = try await self.provider.createTopic(try self.topic(words), settings)
    }

    /// A message that is the same one each time.
    fileprivate func repeated(_ number: Int, to words: String) throws -> Message {
        var message = try self.message(number, to: words)
        message.id = MessageID("\(self.prefix) \(number)")
        message.source = "the/source"
        return message
    }
}
