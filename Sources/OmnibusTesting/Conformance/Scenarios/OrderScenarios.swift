// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus

extension ProviderConformance {
    /// Messages come in the order in which they were published.
    static let orderScenarios: [Scenario] = [
        Scenario("The messages of one publisher come in the order in which it published them") { run in
            let reader = try await run.subscribe("a")
            try await run.publish(0..<12, to: "a")
            try await run.publish(marker, to: "a")
            let numbers = try await reader.numbers(before: marker)
            try run.expect(numbers, numbers.sorted(), "the order of what came")
        },
        Scenario("The messages of each of several publishers come in its order") { run in
            let reader = try await run.subscribe("a")
            try await withThrowingTaskGroup(of: Void.self) { publishers in
                for publisher in 1...2 {
                    publishers.addTask { try await run.publish((1...3).map { publisher * 10 + $0 }, to: "a") }
                }
                try await publishers.waitForAll()
            }
            var numbers: [Int] = []
            for _ in 0..<6 { numbers.append(try await reader.next().message.number ?? -1) }
            for publisher in 1...2 {
                let own = numbers.filter { $0 / 10 == publisher }
                try run.expect(own, own.sorted(), "the order of what publisher \(publisher) published")
            }
        },
        Scenario("One publisher's messages come in order across the topics of a pattern", needs: [.wildcards]) { run in
            let reader = try await run.subscribe("a.*")
            for number in 0..<5 { try await run.publish(number, to: "a.\(number % 3)") }
            try await run.publish(marker, to: "a.0")
            let numbers = try await reader.numbers(before: marker)
            try run.expect(numbers, numbers.sorted(), "the order of what came")
        },
        Scenario("The messages of one key come in order, whatever comes between") { run in
            let reader = try await run.subscribe("a")
            for number in 0..<5 { try await run.publish(number, to: "a", key: number % 2 == 0 ? "even" : "odd") }
            try await run.publish(marker, to: "a")
            let deliveries = try await reader.deliveries(before: marker)
            for key in ["even", "odd"] {
                let numbers = deliveries.filter { $0.message.key == key }.compactMap(\.message.number)
                try run.expect(numbers, numbers.sorted(), "the order of what has the key '\(key)'")
            }
        },
        Scenario("Every subscription sees the same order") { run in
            let readers = [try await run.subscribe("a"), try await run.subscribe("a")]
            try await run.publish([3, 1, 2], to: "a")
            try await run.publish(marker, to: "a")
            let first = try await readers[0].numbers(before: marker)
            try run.expect(try await readers[1].numbers(before: marker), first, "the order that the other one sees")
        },
    ]

    /// Messages of one key are in one partition.
    static let partitionScenarios: [Scenario] = [
        Scenario("Messages of one key are in one partition", needs: [.partitions, .topicAdministration]) { run in
            let topic = try run.topic("a")
            _ = try await run.provider.createTopic(topic, TopicConfiguration(partitions: 4))
            var partitions: [String: Set<Int>] = [:]
            for number in 0..<6 {
                let key = "key \(number % 2)"
                let receipt = try await run.publish(number, to: "a", key: key)
                let position = try run.require(receipt.position, "a position in the receipt")
                try run.expect((0..<4).contains(position.partition), "a partition from 0 to 3", found: "\(position)")
                partitions[key, default: []].insert(position.partition)
            }
            for (key, found) in partitions { try run.expect(found.count, 1, "partitions that '\(key)' is in") }
        },
        Scenario("Positions in a partition go up", needs: [.partitions, .topicAdministration]) { run in
            _ = try await run.provider.createTopic(try run.topic("a"), TopicConfiguration(partitions: 3))
            var offsets: [Int64] = []
            for number in 0..<5 {
                let position = try await run.publish(number, to: "a", key: "one").position
                offsets.append(try run.require(position, "a position in the receipt").offset)
            }
            try run.expect(offsets, Set(offsets).sorted(), "offsets that go up")
        },
        Scenario("A delivery has the position that the receipt named", needs: [.partitions, .topicAdministration]) {
            run in
            _ = try await run.provider.createTopic(try run.topic("a"), TopicConfiguration(partitions: 2))
            let reader = try await run.subscribe("a")
            let receipt = try await run.publish(1, to: "a", key: "k")
            let delivery = try await reader.next()
            try run.expect(delivery.position, receipt.position, "the position of the delivery")
        },
    ]
}
