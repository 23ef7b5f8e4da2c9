// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus

extension ProviderConformance {
    /// Who gets a message: patterns, and topics that look alike.
    static let patternScenarios: [Scenario] = [
        Scenario("A literal pattern gets its topic and no other") { run in
            let reader = try await run.subscribe("a.b")
            for (number, topic) in ["a", "a.b.c", "A.b", "a.bb", "b.a"].enumerated() {
                try await run.publish(number, to: topic)
            }
            try await run.publish(marker, to: "a.b")
            try run.expect(try await reader.numbers(before: marker), [], "what came from other topics")
        },
        Scenario("A topic's words may be letters of any script, and case counts") { run in
            let reader = try await run.subscribe("größe.数")
            try await run.publish(1, to: "Größe.数")
            try await run.publish(2, to: "größe.数")
            try await run.publish(marker, to: "größe.数")
            try run.expect(try await reader.numbers(before: marker), [2], "what came")
        },
        Scenario("The wildcard * matches exactly one word", needs: [.wildcards]) { run in
            let reader = try await run.subscribe("a.*")
            for (number, topic) in ["a", "a.b.c", "b.a"].enumerated() { try await run.publish(number, to: topic) }
            try await run.publish(10, to: "a.b")
            try await run.publish(marker, to: "a.z")
            try run.expect(try await reader.numbers(before: marker), [10], "what came to 'a.*'")
        },
        Scenario("The wildcard * may stand in the middle", needs: [.wildcards]) { run in
            let reader = try await run.subscribe("a.*.c")
            for (number, topic) in ["a.c", "a.b.b", "a.b.c"].enumerated() { try await run.publish(number, to: topic) }
            try await run.publish(marker, to: "a.x.c")
            try run.expect(try await reader.numbers(before: marker), [2], "what came to 'a.*.c'")
        },
        Scenario("The wildcard # matches any number of words, none included", needs: [.wildcards]) { run in
            let reader = try await run.subscribe("a.#")
            for (number, topic) in ["a", "a.b", "a.b.c.d", "b"].enumerated() {
                try await run.publish(number, to: topic)
            }
            try await run.publish(marker, to: "a.z")
            try run.expect(try await reader.numbers(before: marker), [0, 1, 2], "what came to 'a.#'")
        },
        Scenario("The wildcard # may stand in the middle", needs: [.wildcards]) { run in
            let reader = try await run.subscribe("a.#.z")
            for (number, topic) in ["a.z", "a.b.z", "a.b.c.z", "a.b"].enumerated() {
                try await run.publish(number, to: topic)
            }
            try await run.publish(marker, to: "a.m.z")
            try run.expect(try await reader.numbers(before: marker), [0, 1, 2], "what came to 'a.#.z'")
        },
        Scenario("A pattern that matches a topic in several ways gets a message once", needs: [.wildcards]) { run in
            let reader = try await run.subscribe("#.b.#")
            try await run.publish(1, to: "b.b.b")
            try await run.publish(marker, to: "b")
            try run.expect(try await reader.numbers(before: marker), [1], "what came to '#.b.#'")
        },
        Scenario("Subscriptions that overlap get a message each", needs: [.wildcards]) { run in
            let readers = [
                try await run.subscribe("a.b"), try await run.subscribe("a.*"), try await run.subscribe("a.#"),
            ]
            try await run.publish(1, to: "a.b")
            try await run.publish(marker, to: "a.b")
            for reader in readers { try run.expect(try await reader.numbers(before: marker), [1], "what came") }
        },
        Scenario("Wildcards do not match the system's topics", needs: [.wildcards, .deadLetters]) { run in
            let dead = try await run.subscribe(
                to: try TopicPattern(validating: "omnibus.dead.\(run.prefix).#")
            )
            let every = try await run.subscribe(to: "#")
            let reader = try await run.subscribe("a")
            try await run.publish(1, to: "a")
            try await reader.next().reject(reason: "for a dead letter")
            _ = try await dead.next()
            try await run.publish(marker, to: "a")
            // Others may use the same server.
            let topics = try await every.deliveries(before: marker).map(\.message.topic)
            try run.expect(topics.filter(\.isSystem), [], "system topics that came to '#'")
        },
        Scenario("Each of many subscriptions gets its message") { run in
            var readers: [ConformanceReader] = []
            for number in 0..<100 { readers.append(try await run.subscribe("a.\(number)")) }
            for number in 0..<100 { try await run.publish(number, to: "a.\(number)") }
            for (number, reader) in readers.enumerated() {
                try run.expect(try await reader.next().message.number, number, "what came to 'a.\(number)'")
            }
        },
        Scenario("A message comes to each of many subscriptions to its topic") { run in
            var readers: [ConformanceReader] = []
            for _ in 0..<50 { readers.append(try await run.subscribe("a")) }
            try await run.publish(7, to: "a")
            for reader in readers { try run.expect(try await reader.next().message.number, 7, "what came") }
        },
    ]
}
