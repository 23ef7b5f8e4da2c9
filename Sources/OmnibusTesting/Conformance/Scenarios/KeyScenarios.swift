// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus

extension ProviderConformance {
    /// Messages of one key, and those of a strict subscription, are handled one after the other.
    static let keyScenarios: [Scenario] = [
        Scenario("A message waits until the one before with its key is settled", needs: [.keyExclusivity]) { run in
            let reader = try await run.subscribe("a")
            try await run.publish([1, 2], to: "a", key: "k")
            try await run.publish(3, to: "a", key: "other")
            try await run.publish(4, to: "a")
            let first = try await reader.next()
            let others = [try await reader.next().message.number, try await reader.next().message.number]
            try run.expect(others, [3, 4], "what comes while 1 is handled, which has the key of 2")
            try await first.ack()
            try run.expect(try await reader.next().message.number, 2, "what comes when 1 is settled")
        },
        Scenario("A message's subject serves as its key", needs: [.keyExclusivity]) { run in
            let reader = try await run.subscribe("a")
            for number in 1...2 {
                var message = try run.message(number, to: "a")
                message.subject = "s"
                try await run.publish(message)
            }
            try await run.publish(3, to: "a")
            let first = try await reader.next()
            try run.expect(try await reader.next().message.number, 3, "what comes while 1 is handled")
            try await first.ack()
            try run.expect(try await reader.next().message.number, 2, "what comes when 1 is settled")
        },
        Scenario("Members of a group have one message of a key at a time", needs: [.keyExclusivity, .groups]) { run in
            let group = SubscriptionSettings(group: "g")
            let (first, second) = (try await run.subscribe("a", group), try await run.subscribe("a", group))
            try await run.publish([1, 2], to: "a", key: "k")
            try await run.publish(3, to: "a", key: "other")
            let held = try await first.next()
            try run.expect(try await second.next().message.number, 3, "what the other one gets while 1 is handled")
            try await held.ack()
            try run.expect(try await second.next().message.number, 2, "what it gets when 1 is settled")
        },
        Scenario("A key is held while its message waits for its retry", needs: [.keyExclusivity, .delayedRedelivery]) {
            run in
            let time = run.time
            let reader = try await run.subscribe("a")
            try await run.publish([1, 2], to: "a", key: "k")
            try await run.publish(marker, to: "a")
            try await reader.next().nack(after: time.tick * 3)
            try run.expect(try await reader.numbers(before: marker), [], "what comes while 1 waits, with the key of 2")
            let numbers = try await time.passing {
                var numbers: [Int?] = []
                for _ in 0..<2 {
                    let delivery = try await reader.next()
                    try await delivery.ack()
                    numbers.append(delivery.message.number)
                }
                return numbers
            }
            try run.expect(numbers, [1, 2], "what comes then")
        },
        Scenario("A rejected message gives its key free", needs: [.keyExclusivity]) { run in
            let reader = try await run.subscribe("a")
            try await run.publish([1, 2], to: "a", key: "k")
            try await reader.next().reject(reason: "not wanted")
            try run.expect(try await reader.next().message.number, 2, "what comes when 1 is given up on")
        },
        Scenario("Without order, a key holds nothing back", needs: [.keyExclusivity]) { run in
            let reader = try await run.subscribe("a", SubscriptionSettings(ordering: .unordered))
            try await run.publish([1, 2], to: "a", key: "k")
            let numbers = [try await reader.next().message.number, try await reader.next().message.number]
            try run.expect(numbers, [1, 2], "what comes while nothing is settled")
        },
        Scenario("In strict order, a message that failed goes before all others", needs: [.strictOrder]) { run in
            let reader = try await run.subscribe("a", SubscriptionSettings(ordering: .strict))
            try await run.publish([1, 2], to: "a")
            try await run.publish(marker, to: "a")
            try await reader.next().nack()
            try run.expect(try await reader.numbers(before: marker), [1, 2], "what comes after 1 has failed")
        },
        Scenario("In strict order, nothing passes a message that waits", needs: [.strictOrder, .delayedRedelivery]) {
            run in
            let reader = try await run.subscribe("a", SubscriptionSettings(ordering: .strict))
            try await run.publish([1, 2], to: "a", key: "k")
            try await run.publish(marker, to: "a")
            try await reader.next().nack(after: run.time.tick * 3)
            let numbers = try await run.time.passing { try await reader.numbers(before: marker) }
            try run.expect(numbers, [1, 2], "what comes after 1 has failed")
        },
        Scenario("In strict order, nothing comes while a message is handled", needs: [.strictOrder]) { run in
            let events = EventRecorder<String>()
            let reader = try await run.subscribe("a", SubscriptionSettings(ordering: .strict))
            try await run.publish([1, 2], to: "a")
            let first = try await reader.next()
            let second = Task {
                let delivery = try await reader.next()
                events.record("\(delivery.message.number ?? -1)")
                try await delivery.ack()
            }
            try await run.roundTrips(3)
            events.record("settled")
            try await first.ack()
            try await second.value
            try run.expect(events.all, ["settled", "2"], "what happens while 1 is handled, and then")
        },
        Scenario(
            "A message of a higher priority runs while the one that holds its key waits",
            needs: [.keyExclusivity, .delayedRedelivery, .priority]
        ) { run in
            let reader = try await run.subscribe("a")
            try await run.publish(1, to: "a", key: "k")
            try await reader.next().nack(after: run.time.tick * 1_000)
            var urgent = try run.message(2, to: "a", key: "k")
            urgent.priority = .high
            try await run.publish(urgent)
            try run.expect(try await reader.next().message.number, 2, "what comes while 1 waits for its retry")
        },
    ]

    /// What is urgent goes first, and what is not gets its share.
    static let priorityScenarios: [Scenario] = [
        Scenario("A critical message overtakes a backlog", needs: [.priority]) { run in
            let reader = try await run.subscribe("a")
            try await run.publish([1, 2], to: "a")
            for number in [3, 4] {
                var message = try run.message(number, to: "a")
                message.priority = .critical
                try await run.publish(message)
            }
            try await run.publish(marker, to: "a")
            try await reader.offered(5)
            try run.expect(try await reader.numbers(before: marker), [3, 4, 1, 2], "the order, 3 and 4 being critical")
        },
        Scenario("What is more urgent comes first", needs: [.priority]) { run in
            let reader = try await run.subscribe("a")
            for (number, priority) in [Priority.low, .normal, .high].enumerated() {
                var message = try run.message(number, to: "a")
                message.priority = priority
                try await run.publish(message)
            }
            try await reader.offered(3)
            let numbers = try await reader.take(3).map(\.message.number)
            try run.expect(numbers, [2, 1, 0], "the order, 2 being high and 0 low")
        },
        Scenario("What is less urgent has its turn all the same", needs: [.priority, .wildcards]) { run in
            let reader = try await run.subscribe("a.*")
            var low = try run.message(1_000, to: "a.low")
            low.priority = .low
            try await run.publish(low)
            for number in 0..<30 {
                var message = try run.message(number, to: "a.\(number % 6)")
                message.priority = .high
                try await run.publish(message)
            }
            try await reader.offered(31)
            var place = 0
            for count in 1...31 {
                let delivery = try await reader.next()
                try await delivery.ack()
                if delivery.message.number == 1_000 { place = count }
            }
            try run.expect(place < 31, "one of low priority comes before the last of 30 urgent ones", found: "last")
        },
    ]

    /// How fast messages are handed out.
    static let throttleScenarios: [Scenario] = [
        Scenario("A throttle hands out no more than it allows in its time", needs: [.throttle]) { run in
            let time = run.time
            let throttle = Throttle(2, per: time.tick * 4)
            let reader = try await run.subscribe("a", SubscriptionSettings(throttle: throttle))
            try await run.publish([1, 2, 3], to: "a")
            let start = time.now
            try await reader.next().ack()
            try await reader.next().ack()
            let passed = try await time.passing {
                try await reader.next().ack()
                return time.now - start
            }
            try run.expect(
                passed >= time.tick * 2 - time.tolerance,
                "the third comes \(time.tick * 2) later, with two in \(time.tick * 4)",
                found: "\(passed) later"
            )
        },
        Scenario("A circuit breaker stops what keeps failing for a while", needs: [.throttle]) { run in
            let time = run.time
            let breaker = CircuitBreaker(failures: 2, within: time.tick * 100, cooldown: time.tick * 3)
            let reader = try await run.subscribe("a", SubscriptionSettings(circuitBreaker: breaker))
            try await run.publish(1, to: "a")
            let start = time.now
            try await reader.next().nack()
            try await reader.next().nack()
            let passed = try await time.passing {
                try await reader.next().ack()
                return time.now - start
            }
            try run.expect(
                passed >= time.tick * 3 - time.tolerance,
                "the message comes \(time.tick * 3) later, after two failures",
                found: "\(passed) later"
            )
        },
        Scenario("A throttle or a circuit breaker that makes no sense is refused", needs: [.throttle]) { run in
            for throttle in [Throttle(0, per: .seconds(1)), Throttle(1, per: .zero), Throttle(.max, per: .seconds(1))] {
                try await run.refuses(SubscriptionSettings(throttle: throttle))
            }
            for breaker in [CircuitBreaker(failures: 0), CircuitBreaker(cooldown: .seconds(-1))] {
                try await run.refuses(SubscriptionSettings(circuitBreaker: breaker))
            }
        },
    ]
}
