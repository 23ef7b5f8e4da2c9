// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import Synchronization

extension ProviderConformance {
    /// What handlers may do while they run.
    static let handlerScenarios: [Scenario] = [
        Scenario("A handler may publish to its own topic") { run in
            let handled = EventRecorder<Int>()
            try await run.handle("a") { delivery in
                let number = delivery.message.number ?? -1
                if number < 3 { try await run.publish(number + 1, to: "a") }
                handled.record(number)
            }
            try await run.publish(0, to: "a")
            try run.expect(try await handled.expect(4), [0, 1, 2, 3], "what was handled")
        },
        Scenario("A handler may subscribe") { run in
            let handled = EventRecorder<Int>()
            let isThere = EventRecorder<Void>()
            try await run.handle("a") { _ in
                try await run.handle("b") { handled.record($0.message.number ?? -1) }
                isThere.record(())
            }
            try await run.publish(1, to: "a")
            try await isThere.expect(1)
            try await run.publish(2, to: "b")
            try run.expect(try await handled.expect(1), [2], "what the new one handled")
        },
        Scenario("A handler may end its own subscription") { run in
            let handled = EventRecorder<Int>()
            let own = Mutex<ConformanceHandler?>(nil)
            let handler = try await run.handle("a") { delivery in
                await own.withLock { $0 }?.cancel()
                handled.record(delivery.message.number ?? -1)
            }
            own.withLock { $0 = handler }
            let other = try await run.subscribe("a")
            try await run.publish([1, 2], to: "a")
            try await handled.expect(1)
            try await run.publish(marker, to: "a")
            _ = try await other.numbers(before: marker)
            try await run.roundTrips(2)
            try run.expect(handled.all, [1], "what was handled")
        },
        Scenario("No handler starts once the end of its subscription has returned", ways: [.bus]) { run in
            let late = EventRecorder<Int>()
            for round in 0..<5 {
                let (ended, gate, handled) = (Flag(), Gate(), EventRecorder<Int>())
                let handler = try await run.handle("a.\(round)") { delivery in
                    if ended.isSet { late.record(delivery.message.number ?? -1) }
                    handled.record(delivery.message.number ?? -1)
                    // It ends while a handler runs, so that none is being called just then.
                    if handled.count > round % 3 { try await gate.pass() }
                }
                try await run.publish(0..<4, to: "a.\(round)")
                try await gate.arrivals(1)
                await handler.cancel()
                ended.set()
                gate.open()
            }
            try await run.roundTrips(3)
            try run.expect(late.all, [], "messages whose handler started too late")
        },
        Scenario("A message whose handler throws comes again, and the others are handled", needs: [.acknowledgement]) {
            run in
            let handled = EventRecorder<Int>()
            let failed = Flag()
            try await run.handle("a") { delivery in
                let number = delivery.message.number ?? -1
                if number == 1, !failed.isSet {
                    failed.set()
                    throw HandlerFailed()
                }
                handled.record(number)
            }
            try await run.publish([1, 2], to: "a")
            try run.expect(Set(try await handled.expect(2)), [1, 2], "what was handled")
        },
    ]

    private struct HandlerFailed: Error {}

    /// Something that is set once, and looked at from anywhere.
    private final class Flag: Sendable {
        private let state = Atomic<Bool>(false)
        var isSet: Bool { self.state.load(ordering: .sequentiallyConsistent) }
        func set() { self.state.store(true, ordering: .sequentiallyConsistent) }
    }

    /// What was given up on is kept.
    static let deadLetterScenarios: [Scenario] = [
        Scenario("A message that was rejected comes to the topic of dead letters", needs: [.deadLetters]) { run in
            let dead = try await run.subscribe(to: try TopicPattern(validating: "omnibus.dead.\(run.prefix).a"))
            let reader = try await run.subscribe("a")
            let id = try await run.publish(7, to: "a").messageID
            try await reader.next().reject(reason: "not wanted")
            let letter = try await dead.next().message
            try run.expect(letter.number, 7, "what the dead letter carries")
            try run.expect(letter.headers["omnibus-dead-message"]?.text, id.description, "the message that it names")
            try run.expect(letter.headers["omnibus-dead-reason"]?.text, "rejected", "the reason that it names")
        },
        Scenario("A message that was attempted too often comes to the topic of dead letters", needs: [.deadLetters]) {
            run in
            let dead = try await run.subscribe(to: try TopicPattern(validating: "omnibus.dead.\(run.prefix).a"))
            let reader = try await run.subscribe("a", SubscriptionSettings(maximumAttempts: 1))
            try await run.publish(7, to: "a")
            try await reader.next().nack()
            let letter = try await dead.next().message
            try run.expect(letter.number, 7, "what the dead letter carries")
            try run.expect(letter.headers["omnibus-dead-reason"]?.text, "retriesExhausted", "the reason that it names")
        },
        Scenario(
            "A message whose time to live was over comes to the topic of dead letters",
            needs: [.deadLetters, .timeToLive]
        ) { run in
            let dead = try await run.subscribe(to: try TopicPattern(validating: "omnibus.dead.\(run.prefix).a"))
            let reader = try await run.subscribe("a")
            var message = try run.message(7, to: "a")
            message.timeToLive = run.time.tick
            try await run.publish(message)
            try await run.time.pass(run.time.tick * 2)
            try await run.publish(marker, to: "a")
            try run.expect(try await reader.numbers(before: marker), [], "what came after its time")
            let letter = try await dead.next().message
            try run.expect(letter.number, 7, "what the dead letter carries")
            try run.expect(letter.headers["omnibus-dead-reason"]?.text, "expired", "the reason that it names")
        },
        Scenario("Dead letters can be listed, with their reasons", needs: [.deadLetters], ways: [.bus]) { run in
            let queue = try run.deadLetters()
            let reader = try await run.subscribe("a")
            try await run.publish([1, 2], to: "a")
            try await reader.next().reject(reason: "first")
            try await reader.next().reject(reason: "second")
            let letters = queue.list(of: try run.pattern("a"))
            try run.expect(letters.map(\.message.number), [1, 2], "what the dead letters carry")
            try run.expect(letters.map(\.reason), [.rejected("first"), .rejected("second")], "their reasons")
        },
        Scenario(
            "A dead letter goes back to the group that gave up on it",
            needs: [.deadLetters, .groups],
            ways: [.bus]
        ) {
            run in
            let queue = try run.deadLetters()
            let failing = try await run.subscribe("a", SubscriptionSettings(group: "g"))
            let other = try await run.subscribe("a", SubscriptionSettings(group: "h"))
            try await run.publish(1, to: "a")
            try await failing.next().reject(reason: "x")
            let letter = try run.require(queue.list(of: try run.pattern("a")).first, "a dead letter")
            try await queue.redrive(letter.id)
            let again = try await failing.next()
            try run.expect(again.message.number, 1, "what comes to the group")
            try run.expect(again.attempt, 1, "its attempt, counted anew")
            try run.expect(queue.list(of: try run.pattern("a")).count, 0, "dead letters that are left")
            try await run.publish(marker, to: "a")
            try run.expect(try await other.numbers(before: marker), [1], "what came to the other group")
        },
        Scenario("A dead letter goes back to its topic when asked to", needs: [.deadLetters], ways: [.bus]) { run in
            let queue = try run.deadLetters()
            let (failing, other) = (try await run.subscribe("a"), try await run.subscribe("a"))
            try await run.publish(1, to: "a")
            try await failing.next().reject(reason: "x")
            let letter = try run.require(queue.list(of: try run.pattern("a")).first, "a dead letter")
            try await queue.redrive(letter.id, to: .topic)
            try run.expect(try await failing.next().message.number, 1, "what comes to who gave up on it")
            try await run.publish(marker, to: "a")
            try run.expect(try await other.numbers(before: marker), [1, 1], "what came to the other one")
        },
    ]
}

extension ConformanceRun {
    /// The bus's queue of dead letters.
    fileprivate func deadLetters() throws -> DeadLetterQueue {
        guard let bus = self.bus else { throw ConformanceSkip("Dead letters are listed through a bus.") }
        do {
            return try bus.deadLetters
        } catch {
            guard error.code == .unsupported else { throw error }
            throw ConformanceSkip("The bus lists dead letters of the in-memory broker alone: \(error.message)")
        }
    }
}
