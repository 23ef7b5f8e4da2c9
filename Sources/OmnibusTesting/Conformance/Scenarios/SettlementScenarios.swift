// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus

extension ProviderConformance {
    /// What becomes of a delivery is what its settlement says.
    static let settlementScenarios: [Scenario] = [
        Scenario(
            "A message that was given back comes again at once, as the next attempt",
            needs: [.acknowledgement, .attemptCount]
        ) { run in
            let reader = try await run.subscribe("a")
            let id = try await run.publish(1, to: "a").messageID
            let first = try await reader.next()
            try await first.nack()
            let again = try await reader.next()
            try run.expect(again.message.id, id, "the message that comes")
            try run.expect(again.attempt, first.attempt + 1, "its attempt")
        },
        Scenario("Attempts are counted from 1", needs: [.attemptCount]) { run in
            let reader = try await run.subscribe("a")
            try await run.publish(1, to: "a")
            try run.expect(try await reader.next().attempt, 1, "the first attempt")
        },
        Scenario(
            "Each attempt that failed counts one more, for its message alone",
            needs: [.acknowledgement, .attemptCount]
        ) { run in
            let reader = try await run.subscribe("a")
            try await run.publish(1, to: "a")
            var attempts: [Int] = []
            for _ in 0..<3 {
                let delivery = try await reader.next()
                attempts.append(delivery.attempt)
                try await delivery.nack()
            }
            try run.expect(attempts, [attempts[0], attempts[0] + 1, attempts[0] + 2], "one more each time")
            try await reader.next().ack()
            try await run.publish(2, to: "a")
            let first = try await reader.next()
            try await first.nack()
            try run.expect(try await reader.next().attempt - first.attempt, 1, "what was counted for another message")
        },
        Scenario("A message that waits a while comes no earlier", needs: [.delayedRedelivery, .acknowledgement]) {
            run in
            let time = run.time
            let reader = try await run.subscribe("a")
            try await run.publish(1, to: "a")
            let delivery = try await reader.next()
            let start = time.now
            try await delivery.nack(after: time.tick * 3)
            let passed = try await time.passing {
                try await reader.next().ack()
                return time.now - start
            }
            try run.expect(
                passed >= time.tick * 3 - time.tolerance,
                "the message comes \(time.tick * 3) later",
                found: "\(passed) later"
            )
        },
        Scenario(
            "Messages that wait come in the order in which they are due",
            needs: [.delayedRedelivery, .acknowledgement]
        ) { run in
            let time = run.time
            let reader = try await run.subscribe("a")
            try await run.publish([1, 2], to: "a")
            let (first, second) = (try await reader.next(), try await reader.next())
            try await first.nack(after: time.tick * 4)
            try await second.nack(after: time.tick * 2)
            let numbers = try await time.passing {
                var numbers: [Int?] = []
                for _ in 0..<2 {
                    let delivery = try await reader.next()
                    try await delivery.ack()
                    numbers.append(delivery.message.number)
                }
                return numbers
            }
            try run.expect(numbers, [2, 1], "the order of what waited 4 and 2 ticks")
        },
        Scenario("A message that waits holds nobody else up", needs: [.delayedRedelivery, .acknowledgement]) { run in
            let reader = try await run.subscribe("a")
            try await run.publish([1, 2], to: "a")
            try await reader.next().nack(after: run.time.tick * 1_000)
            try await run.publish(marker, to: "a")
            try run.expect(try await reader.numbers(before: marker), [2], "what came meanwhile")
        },
        Scenario("A message that was rejected does not come again") { run in
            let reader = try await run.subscribe("a")
            try await run.publish(1, to: "a")
            try await reader.next().reject(reason: "not wanted")
            try await run.publish(marker, to: "a")
            try run.expect(try await reader.numbers(before: marker), [], "what came after")
        },
        Scenario("A message that was not handled goes back without counting an attempt", needs: [.acknowledgement]) {
            run in
            let reader = try await run.subscribe("a", acknowledging: .onNext)
            let id = try await run.publish(1, to: "a").messageID
            let first = try await reader.next()
            // A bus gives back what an iterator has in hand when it goes, and the reader makes one for each call.
            if run.bus == nil { try reader.provided.settle([Settlement(first.token, .release)]) }
            let again = try await reader.next()
            try run.expect(again.message.id, id, "the message that comes")
            try run.expect(again.attempt, first.attempt, "the attempt")
        },
        Scenario("A second settlement throws 'alreadySettled'", needs: [.acknowledgement]) { run in
            let reader = try await run.subscribe("a")
            try await run.publish(1, to: "a")
            let delivery = try await reader.next()
            try await delivery.ack()
            try await run.expectError(.alreadySettled, from: "ack()") { try await delivery.ack() }
            try await run.expectError(.alreadySettled, from: "nack()") { try await delivery.nack() }
            try await run.expectError(.alreadySettled, from: "reject()") { try await delivery.reject(reason: "x") }
        },
        Scenario("A delivery may be settled by any task") { run in
            let reader = try await run.subscribe("a")
            try await run.publish(1, to: "a")
            let delivery = try await reader.next()
            try await Task.detached { try await delivery.ack() }.value
            try await run.publish(marker, to: "a")
            try run.expect(try await reader.numbers(before: marker), [], "what came after")
        },
        Scenario("Deliveries may be settled in any order", needs: [.acknowledgement]) { run in
            let reader = try await run.subscribe("a")
            try await run.publish([1, 2, 3], to: "a")
            let deliveries = [try await reader.next(), try await reader.next(), try await reader.next()]
            try await deliveries[2].ack()
            try await deliveries[0].nack()
            try await deliveries[1].ack()
            try await run.publish(marker, to: "a")
            try run.expect(try await reader.numbers(before: marker), [1], "what comes again")
        },
        Scenario(
            "Of settlements that are handed over together, a stale one keeps none back",
            needs: [.acknowledgement],
            ways: [.bare]
        ) { run in
            let reader = try await run.subscribe("a")
            try await run.publish([1, 2, 3], to: "a")
            let tokens = [try await reader.next(), try await reader.next(), try await reader.next()].map(\.token)
            try reader.provided.settle([Settlement(tokens[0], .ack)])
            try await run.expectError(.alreadySettled, from: "settling again") {
                try reader.provided.settle([
                    Settlement(tokens[0], .ack), Settlement(tokens[1], .ack),
                    Settlement(tokens[2], .nack(after: nil, nil)),
                ])
            }
            try await reader.provided.flush()
            try await run.publish(marker, to: "a")
            try run.expect(try await reader.numbers(before: marker), [3], "what comes again")
        },
        Scenario("A negative delay is refused, and the delivery is as it was") { run in
            let reader = try await run.subscribe("a")
            try await run.publish(1, to: "a")
            let delivery = try await reader.next()
            try await run.expectError(.invalidSettings, from: "nack(after: -1 s)") {
                try await delivery.nack(after: .seconds(-1))
            }
            try await run.expectError(.invalidSettings, from: "extend(by: 0)") { try await delivery.extend(by: .zero) }
            try await delivery.ack()
        },
        Scenario("A message is given up on after its subscription's attempts", needs: [.deadLetters]) { run in
            let reader = try await run.subscribe("a", SubscriptionSettings(maximumAttempts: 2))
            try await run.publish(1, to: "a")
            try await reader.next().nack()
            try await reader.next().nack()
            try await run.publish(marker, to: "a")
            try run.expect(try await reader.numbers(before: marker), [], "what came after two attempts")
        },
    ]

    /// A delivery that nobody settles is not lost.
    static let deadlineScenarios: [Scenario] = [
        Scenario("A delivery that is not settled in time comes again", needs: [.ackDeadline, .attemptCount]) { run in
            let reader = try await run.subscribe("a", SubscriptionSettings(ackDeadline: run.time.tick))
            let id = try await run.publish(1, to: "a").messageID
            let late = try await reader.next()
            try await run.time.pass(run.time.tick * 1.5)
            let again = try await reader.next()
            try run.expect(again.message.id, id, "the message that comes")
            try run.expect(again.attempt, late.attempt + 1, "its attempt")
        },
        Scenario("Settling after the deadline throws 'leaseLost'", needs: [.ackDeadline]) { run in
            let reader = try await run.subscribe("a", SubscriptionSettings(ackDeadline: run.time.tick))
            try await run.publish(1, to: "a")
            let late = try await reader.next()
            try await run.time.pass(run.time.tick * 1.5)
            _ = try await reader.next()
            try await run.expectError(.leaseLost, from: "settling the first delivery") { try await late.ack() }
        },
        Scenario("A deadline can be set anew", needs: [.ackDeadline]) { run in
            let tick = run.time.tick
            let reader = try await run.subscribe("a", SubscriptionSettings(ackDeadline: tick * 2))
            try await run.publish(1, to: "a")
            let delivery = try await reader.next()
            try await run.time.pass(tick)
            try await delivery.extend(by: tick * 4)
            try await run.time.pass(tick * 2)
            try await delivery.ack()
            try await run.publish(marker, to: "a")
            try run.expect(try await reader.numbers(before: marker), [], "what came after")
        },
        Scenario("A message whose time to live is over is not delivered", needs: [.timeToLive]) { run in
            let reader = try await run.subscribe("a")
            var message = try run.message(1, to: "a")
            message.timeToLive = run.time.tick
            try await run.publish(message)
            try await run.time.pass(run.time.tick * 2)
            try await run.publish(marker, to: "a")
            try run.expect(try await reader.numbers(before: marker), [], "what came after its time")
        },
        Scenario("A message whose time to live is not over is delivered", needs: [.timeToLive]) { run in
            let reader = try await run.subscribe("a")
            var message = try run.message(1, to: "a")
            message.timeToLive = run.time.tick * 1_000
            try await run.publish(message)
            try await run.time.pass(run.time.tick)
            try await run.publish(marker, to: "a")
            try run.expect(try await reader.numbers(before: marker), [1], "what came within its time")
        },
    ]
}
