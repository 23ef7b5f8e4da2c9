// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import Synchronization

extension ProviderConformance {
    /// Deliveries are pulled, and subscriptions end.
    static let readingScenarios: [Scenario] = [
        Scenario("A subscription hands out no more than it is asked for") { run in
            guard run.bus == nil else { return try await Self.handlesOneAtATime(run) }
            let reader = try await run.subscribe("a")
            try await run.publish(0..<6, to: "a")
            var count = 0
            for credit in [2, 1, 3] where count < 6 {
                let deliveries = try await reader.receive(upTo: credit)
                try run.expect(
                    (1...credit).contains(deliveries.count),
                    "from 1 to \(credit) deliveries",
                    found: "\(deliveries.count)"
                )
                count += deliveries.count
            }
        },
        Scenario("Asking for a message waits until there is one") { run in
            let reader = try await run.subscribe("a")
            async let delivery = reader.next()
            for _ in 0..<20 { await Task.yield() }
            try await run.publish(1, to: "a")
            try run.expect(try await delivery.message.number, 1, "what came")
        },
        Scenario("Who waits for a message can be cancelled, and takes nothing") { run in
            let reader = try await run.subscribe("a")
            let waiting = Task { try await reader.receive(upTo: 1) }
            waiting.cancel()
            try await run.expectError(.cancelled, from: "waiting") { _ = try await waiting.value }
            try await run.publish(1, to: "a")
            try run.expect(try await reader.next().message.number, 1, "what came after")
        },
        Scenario("Nothing is lost when waiting is cancelled while a message comes") { run in
            let reader = try await run.subscribe("a")
            for number in 0..<5 {
                let waiting = Task { try await reader.next() }
                for _ in 0..<number { await Task.yield() }
                async let receipt = run.publish(number, to: "a")
                waiting.cancel()
                _ = try await receipt
                let delivery: Delivery
                do {
                    delivery = try await waiting.value
                } catch let error as OmnibusError where error.code == .cancelled {
                    delivery = try await reader.next()
                }
                try run.expect(delivery.message.number, number, "what came, after \(number) others")
                try await delivery.ack()
            }
        },
        Scenario("Of two that wait at one subscription, each message goes to one") { run in
            let reader = try await run.subscribe("a")
            async let first = reader.next()
            async let second = reader.next()
            try await run.publish([1, 2], to: "a")
            let numbers = [try await first.message.number ?? -1, try await second.message.number ?? -1]
            try run.expect(numbers.sorted(), [1, 2], "what the two got")
        },
        Scenario("Ending a subscription ends the waiting for its messages") { run in
            let reader = try await run.subscribe("a")
            let waiting = Task { try await reader.receive(upTo: 1).count }
            for _ in 0..<20 { await Task.yield() }
            await reader.cancel()
            try run.expect(try await waiting.value, 0, "deliveries for who waited")
        },
        Scenario("Nothing is delivered after a subscription has ended") { run in
            let reader = try await run.subscribe("a")
            try await run.publish([1, 2], to: "a")
            _ = try await reader.next()
            await reader.cancel()
            try await run.publish(3, to: "a")
            let deliveries = try await reader.receive(upTo: 1)
            try run.expect(deliveries.compactMap(\.message.number), [], "what came after the end")
        },
        Scenario("Ending a subscription again changes nothing") { run in
            let (ended, other) = (try await run.subscribe("a"), try await run.subscribe("a"))
            await ended.cancel()
            await ended.cancel()
            try await run.publish(1, to: "a")
            try run.expect(try await other.next().message.number, 1, "what the other one gets")
        },
        Scenario("A subscription can be ended by its id", needs: [.unsubscribeByID]) { run in
            let reader = try await run.subscribe("a")
            try await run.unsubscribe(reader.id)
            try run.expect(try await reader.receive(upTo: 1).count, 0, "deliveries after the end")
        },
        Scenario("Ending a subscription that there is not throws 'unknownSubscription'", needs: [.unsubscribeByID]) {
            run in
            let reader = try await run.subscribe("a")
            try await run.unsubscribe(reader.id)
            try await run.expectError(.unknownSubscription, from: "ending it again") {
                try await run.unsubscribe(reader.id)
            }
            try await run.expectError(.unknownSubscription, from: "ending another") {
                try await run.unsubscribe(SubscriptionID(rawValue: "no such subscription"))
            }
        },
        Scenario("No two subscriptions have the same id") { run in
            var ids: Set<SubscriptionID> = []
            for _ in 0..<4 { ids.insert(try await run.subscribe("a").id) }
            try run.expect(ids.count, 4, "different ids of 4 subscriptions")
        },
        Scenario("A paused subscription gets nothing until it is resumed, then all of it", needs: [.pause]) { run in
            let events = EventRecorder<String>()
            let handler = try await run.handle("a") { events.record("\($0.message.number ?? -1)") }
            try await run.publish(1, to: "a")
            try await events.expect(1)
            try await handler.pause()
            try await run.publish([2, 3], to: "a")
            try await run.roundTrips(5)
            events.record("resumed")
            try await handler.resume()
            try run.expect(try await events.expect(4), ["1", "resumed", "2", "3"], "what happened")
        },
        Scenario("A paused subscription does not hold the others up", needs: [.pause]) { run in
            let handler = try await run.handle("a") { _ in }
            let other = try await run.subscribe("a")
            try await handler.pause()
            try await run.publish(1, to: "a")
            try run.expect(try await other.next().message.number, 1, "what the other one gets")
            try await handler.resume()
        },
        Scenario("Pausing a subscription that has ended throws 'unknownSubscription'", needs: [.pause]) { run in
            let handler = try await run.handle("a") { _ in }
            await handler.cancel()
            try await run.expectError(.unknownSubscription, from: "pausing") { try await handler.pause() }
            try await run.expectError(.unknownSubscription, from: "resuming") { try await handler.resume() }
        },
    ]

    /// What asking for one at a time is through a bus: a handler that never runs twice at once.
    private static func handlesOneAtATime(_ run: ConformanceRun) async throws {
        let running = Mutex((now: 0, most: 0))
        let handled = EventRecorder<Void>()
        try await run.handle("a") { _ in
            running.withLock { running in
                running.now += 1
                running.most = max(running.most, running.now)
            }
            for _ in 0..<5 { await Task.yield() }
            running.withLock { $0.now -= 1 }
            handled.record(())
        }
        try await run.publish(0..<5, to: "a")
        try await handled.expect(5)
        try run.expect(running.withLock { $0.most }, 1, "handlers that ran at once, with a concurrency of 1")
    }
}

extension ConformanceRun {
    /// Sends messages to and fro beside what is looked at, so that whatever should not happen had its time to.
    func roundTrips(_ count: Int) async throws {
        let reader = try await self.subscribe("beside")
        for number in 0..<count {
            try await self.publish(number, to: "beside")
            try await reader.next().ack()
            for _ in 0..<20 { await Task.yield() }
        }
    }
}
