// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus

extension ProviderConformance {
    /// What happens to a publish that finds a queue full.
    static let overflowScenarios: [Scenario] = [
        Scenario("A full queue that rejects refuses the message and keeps what it has", needs: [.overflow]) { run in
            try run.expectsOneQueue()
            let reader = try await run.subscribe("a", .full(2, .reject))
            try await run.publish([1, 2], to: "a")
            try await run.expectError(.overflow, from: "publishing a third") { try await run.publish(3, to: "a") }
            try await reader.next().ack()
            try await run.publish(marker, to: "a")
            try run.expect(try await reader.numbers(before: marker), [2], "what came after the first")
        },
        Scenario("A full queue that drops the oldest has the newest", needs: [.overflow]) { run in
            try run.expectsOneQueue()
            let reader = try await run.subscribe("a", .full(2, .dropOldest))
            try await run.publish([1, 2, 3], to: "a")
            try await reader.offered(3)
            let numbers = [try await reader.next().message.number, try await reader.next().message.number]
            try run.expect(numbers, [2, 3], "what the queue of two has after three")
        },
        Scenario("A full queue that drops the newest has the oldest", needs: [.overflow]) { run in
            try run.expectsOneQueue()
            let reader = try await run.subscribe("a", .full(2, .dropNewest))
            try await run.publish([1, 2, 3], to: "a")
            try await reader.offered(3)
            let numbers = [try await reader.next().message.number, try await reader.next().message.number]
            try run.expect(numbers, [1, 2], "what the queue of two has after three")
            try await run.publish(marker, to: "a")
            try run.expect(try await reader.numbers(before: marker), [], "what came after those")
        },
        Scenario("A full queue that coalesces merges what has the same key", needs: [.overflow]) { run in
            try run.expectsProvidersQueue()
            let coalesce = OverflowPolicy.coalesce { older, newer in
                var sum = newer
                sum.payload = Payload(json: .integer(Int64((older.number ?? 0) + (newer.number ?? 0))))
                return sum
            }
            let reader = try await run.subscribe("a", .full(2, coalesce))
            try await run.publish([1, 2, 4], to: "a", key: "k")
            try await run.expectError(.overflow, from: "publishing what has no key to a full queue") {
                try await run.publish(8, to: "a")
            }
            var numbers: [Int?] = []
            for _ in 0..<2 {
                let delivery = try await reader.next()
                try await delivery.ack()
                numbers.append(delivery.message.number)
            }
            try run.expect(numbers, [1, 6], "what the queue of two has after 1, 2 and 4")
            try await run.publish(marker, to: "a")
            try run.expect(try await reader.numbers(before: marker), [], "what came after those")
        },
        Scenario("A full queue that suspends has the publisher wait for room", needs: [.overflow]) { run in
            let reader = try await run.subscribe("a", .full(1, .suspend(atMost: .seconds(86_400))))
            try run.expectsProvidersQueue()
            let events = EventRecorder<String>()
            try await run.publish(1, to: "a")
            let waiting = Task {
                try await run.publish(2, to: "a")
                events.record("published")
            }
            try await run.roundTrips(3)
            events.record("room")
            try await reader.next().ack()
            try await waiting.value
            try run.expect(events.all, ["room", "published"], "what happened to who waited")
            try run.expect(try await reader.next().message.number, 2, "what came then")
        },
        Scenario("Publishers that wait for room get it in the order in which they came", needs: [.overflow]) { run in
            let reader = try await run.subscribe("a", .full(1, .suspend(atMost: .seconds(86_400))))
            try run.expectsProvidersQueue()
            try await run.publish(1, to: "a")
            try await withThrowingTaskGroup(of: Void.self) { publishers in
                for number in 2...4 {
                    let timers = run.time.timers
                    publishers.addTask { try await run.publish(number, to: "a") }
                    try await run.time.timers(atLeast: timers + 1)
                }
                var numbers: [Int] = []
                while numbers.count < 4 {
                    let delivery = try await reader.next()
                    try await delivery.ack()
                    numbers.append(delivery.message.number ?? -1)
                }
                try await publishers.waitForAll()
                try run.expect(numbers, [1, 2, 3, 4], "the order of what came")
            }
        },
        Scenario("A publisher waits for room no longer than is set", needs: [.overflow]) { run in
            let limit = run.time.tick * 2
            let reader = try await run.subscribe("a", .full(1, .suspend(atMost: limit)))
            try run.expectsProvidersQueue()
            try await run.publish(1, to: "a")
            let start = run.time.now
            let passed = try await run.time.passing {
                try await run.expectError(.overflow, from: "publishing") { try await run.publish(2, to: "a") }
                return run.time.now - start
            }
            try run.expect(passed >= limit - run.time.tolerance, "it waits \(limit)", found: "\(passed)")
            try await reader.next().ack()
            try await run.publish(marker, to: "a")
            try run.expect(try await reader.numbers(before: marker), [], "what came after the first")
        },
        Scenario("A publisher that is cancelled while it waits has published nothing", needs: [.overflow]) { run in
            let reader = try await run.subscribe("a", .full(1, .suspend(atMost: .seconds(86_400))))
            try run.expectsProvidersQueue()
            try await run.publish(1, to: "a")
            let timers = run.time.timers
            let waiting = Task { try await run.publish(2, to: "a") }
            try await run.time.timers(atLeast: timers + 1)
            waiting.cancel()
            try await run.expectError(.cancelled, from: "publishing") { _ = try await waiting.value }
            try await reader.next().ack()
            try await run.publish(marker, to: "a")
            try run.expect(try await reader.numbers(before: marker), [], "what came after the first")
        },
        Scenario("A queue is bounded in bytes as well", needs: [.overflow]) { run in
            try run.expectsOneQueue()
            let bounds = QueueBounds(count: 100, bytes: 3_000)
            _ = try await run.subscribe("a", SubscriptionSettings(bounds: bounds, overflow: .reject))
            let message = Message(topic: try run.topic("a"), bytes: [UInt8](repeating: 7, count: 1_000))
            var accepted = 0
            try await run.expectError(.overflow, from: "publishing 10 messages of 1,000 bytes") {
                while accepted < 10 {
                    try await run.publish(message)
                    accepted += 1
                }
            }
            try run.expect((1...3).contains(accepted), "from 1 to 3 of 1,000 bytes in 3,000", found: "\(accepted)")
        },
        Scenario("An empty queue takes a message larger than its bound in bytes", needs: [.overflow]) { run in
            try run.expectsOneQueue()
            let bounds = QueueBounds(count: 100, bytes: 100)
            let reader = try await run.subscribe("a", SubscriptionSettings(bounds: bounds, overflow: .reject))
            let message = Message(topic: try run.topic("a"), bytes: [UInt8](repeating: 7, count: 1_000))
            try await run.publish(message)
            try await run.expectError(.overflow, from: "publishing a second one") { try await run.publish(message) }
            try run.expect(try await reader.next().message.payload.bytes().count, 1_000, "bytes that came")
        },
        Scenario("A queue that is full does not keep the message from the others", needs: [.overflow]) { run in
            try run.expectsOneQueue()
            let full = try await run.subscribe("a", .full(1, .reject))
            let other = try await run.subscribe("a")
            try await run.publish(1, to: "a")
            let error = try await run.expectError(.partiallyAccepted, from: "publishing to a full queue and another") {
                try await run.publish(2, to: "a")
            }
            let details = try run.require(error.details as? PartialAcceptance, "the error's 'PartialAcceptance'")
            try run.expect(details.missing.count, 1, "queues that have not accepted it")
            try await full.next().ack()
            try await run.publish(marker, to: "a")
            try run.expect(try await full.numbers(before: marker), [], "what came to the full one")
            try run.expect(try await other.numbers(before: marker), [1, 2], "what came to the other")
        },
        Scenario(
            "A handler that publishes to its own full queue does not wait for itself",
            needs: [.overflow],
            ways: [.bus]
        ) {
            run in
            let handled = EventRecorder<Int>()
            try await run.handle("a", .full(1, .suspend(atMost: .seconds(86_400)))) { delivery in
                let number = delivery.message.number ?? -1
                if number == 0 { for next in 1...2 { try await run.publish(next, to: "a") } }
                handled.record(number)
            }
            try await run.publish(0, to: "a")
            try run.expect(try await handled.expect(3), [0, 1, 2], "what was handled")
        },
        Scenario("Publishing without suspending accepts where there is room", needs: [.synchronousPublish]) { run in
            let reader = try await run.subscribe("a")
            try run.expect(try run.offer(try run.message(1, to: "a")), true, "whether it was accepted")
            try await run.publish(marker, to: "a")
            try run.expect(try await reader.numbers(before: marker), [1], "what came")
        },
        Scenario("Publishing without suspending leaves a full queue alone", needs: [.synchronousPublish, .overflow]) {
            run in
            let reader = try await run.subscribe("a", .full(1, .suspend(atMost: .seconds(86_400))))
            try run.expectsProvidersQueue()
            try run.expect(try run.offer(try run.message(1, to: "a")), true, "whether the first was accepted")
            try run.expect(try run.offer(try run.message(2, to: "a")), false, "whether the second was accepted")
            try await reader.next().ack()
            try await run.publish(marker, to: "a")
            try run.expect(try await reader.numbers(before: marker), [], "what came after the first")
        },
    ]
}

extension SubscriptionSettings {
    /// A queue for so many messages.
    fileprivate static func full(_ count: Int, _ overflow: OverflowPolicy) -> Self {
        Self(bounds: QueueBounds(count: count), overflow: overflow)
    }
}
