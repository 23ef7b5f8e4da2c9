// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import OmnibusCore

@Suite("Topic index")
struct TopicIndexTests {
    @Test("numbers topics in the order in which they come, each once, however long they are")
    func numbersTopics() {
        var index = TopicIndex()
        // Every length up to fifty bytes, and many that differ in one byte alone.
        let lengths = (1...50).map { Topic(unchecked: String(repeating: "a", count: $0)) }
        let numbered = (0..<2_000).map { Topic(unchecked: "agent.\($0).of-some-length.created") }
        let topics = lengths + numbered

        for (number, topic) in topics.enumerated() { #expect(index.insert(topic) == number) }
        for (number, topic) in topics.enumerated() { #expect(index.insert(topic) == number) }

        #expect(index.count == topics.count)
        for (number, topic) in topics.enumerated() {
            // As a publisher has it who makes the name anew.
            let copy = Topic(unchecked: String(decoding: Array(topic.name.utf8), as: UTF8.self))
            #expect(index.number(of: copy) == number)
        }
        #expect(index.number(of: "agent.2000.of-some-length.created") == nil)
    }

    @Test("tells names of one length apart by every byte")
    func tellsApart() {
        var index = TopicIndex()
        let name = Array("agent.0123456789.of.a.name".utf8)
        let topics = name.indices.map { place in
            var changed = name
            changed[place] = UInt8(ascii: "x")
            return Topic(unchecked: String(decoding: changed, as: UTF8.self))
        }

        let numbers = topics.map { index.insert($0) }

        #expect(numbers == Array(topics.indices))
    }

    @Test("takes all numbers back")
    func removesAll() {
        var index = TopicIndex()
        for number in 0..<100 { index.insert(Topic(unchecked: "a.\(number)")) }

        index.removeAll()

        #expect(index.count == 0)
        #expect(index.number(of: "a.7") == nil)
        #expect(index.insert("a.8") == 0)
    }
}
