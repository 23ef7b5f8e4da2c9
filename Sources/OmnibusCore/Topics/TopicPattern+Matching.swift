// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

// A pattern of n words is an automaton of n + 1 states: state i means that the first i words are used up.
//
//   a.#.b      (0) ── a ──▶ (1) ── # ──▶ (2) ── b ──▶ (3)        a `#` is entered and left without a word,
//                           any word ↺                           and stays where it is with one
//
// Matching reads the topic once and keeps the set of states that are possible, so its cost is at most words of the
// topic × words of the pattern, whatever the pattern is.

extension TopicPattern {
    /// Tells whether the pattern matches a topic; at most one step for each pair of their words, nothing is allocated.
    public func matches(_ topic: Topic) -> Bool {
        var steps = 0
        return self.matches(topic, counting: &steps)
    }

    /// Tells whether the pattern matches a topic, and adds what it took.
    package func matches(_ topic: Topic, counting steps: inout Int) -> Bool {
        guard self.isSystem || !topic.isSystem else { return false }
        var topicName = topic.name
        var patternName = self.name
        return topicName.withUTF8 { topic in
            patternName.withUTF8 { pattern in
                Self.matches(pattern, topic, counting: &steps)
            }
        }
    }

    private static func matches(
        _ pattern: UnsafeBufferPointer<UInt8>,
        _ topic: UnsafeBufferPointer<UInt8>,
        counting steps: inout Int
    ) -> Bool {
        let count = pattern.isEmpty ? 0 : pattern.reduce(1) { $0 + ($1 == TopicName.dot ? 1 : 0) }
        return withUnsafeTemporaryAllocation(of: PatternWord.self, capacity: count + 1) { words in
            words.initialize(repeating: PatternWord(kind: .end, bytes: UnsafeBufferPointer(rebasing: pattern[0..<0])))
            var cursor = WordCursor(pattern)
            for index in 0..<count {
                if let word = cursor.next() { words[index] = PatternWord(word) }
            }
            let size = (count + 64) / 64
            return withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 2 * size) { storage in
                storage.initialize(repeating: 0)
                var states = StateSet(bits: UnsafeMutableBufferPointer(rebasing: storage[..<size]))
                var next = StateSet(bits: UnsafeMutableBufferPointer(rebasing: storage[size...]))
                states.insert(0, of: words)
                var cursor = WordCursor(topic)
                while let word = cursor.next() {
                    let isAlive = states.advance(over: word, of: words, into: &next, counting: &steps)
                    guard isAlive else { return false }
                    swap(&states, &next)
                }
                return states.contains(count)
            }
        }
    }
}

/// One word of a pattern, as the matcher reads it.
private struct PatternWord {
    enum Kind { case literal, one, any, end }

    var kind: Kind
    var bytes: UnsafeBufferPointer<UInt8>

    init(kind: Kind, bytes: UnsafeBufferPointer<UInt8>) {
        self.kind = kind
        self.bytes = bytes
    }

    func isEqual(to word: UnsafeBufferPointer<UInt8>) -> Bool {
        TopicName.areEqual(UnsafeRawBufferPointer(self.bytes), UnsafeRawBufferPointer(word))
    }

    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
        self.kind =
            switch (bytes.count, bytes.first) {
            case (1, TopicName.star): .one
            case (1, TopicName.hash): .any
            default: .literal
            }
    }
}

/// The states that are possible after some words of the topic, one bit each.
private struct StateSet {
    var bits: UnsafeMutableBufferPointer<UInt64>

    func contains(_ state: Int) -> Bool {
        self.bits[state >> 6] & (1 << UInt64(state & 63)) != 0
    }

    /// Adds a state, and those that are reached from it without a word.
    mutating func insert(_ state: Int, of words: UnsafeMutableBufferPointer<PatternWord>) {
        var state = state
        while !self.contains(state) {
            self.bits[state >> 6] |= 1 << UInt64(state & 63)
            guard words[state].kind == .any else { return }
            state += 1
        }
    }

    /// Moves every state over one word of the topic, emptying this set; false where no state is left.
    mutating func advance(
        over word: UnsafeBufferPointer<UInt8>,
        of words: UnsafeMutableBufferPointer<PatternWord>,
        into next: inout StateSet,
        counting steps: inout Int
    ) -> Bool {
        var isAlive = false
        for index in self.bits.indices {
            var rest = self.bits[index]
            self.bits[index] = 0
            while rest != 0 {
                let state = index << 6 + rest.trailingZeroBitCount
                rest &= rest - 1
                steps += 1
                switch words[state].kind {
                case .any: next.insert(state, of: words)
                case .one: next.insert(state + 1, of: words)
                case .literal where words[state].isEqual(to: word): next.insert(state + 1, of: words)
                case .literal, .end: continue
                }
                isAlive = true
            }
        }
        return isAlive
    }
}
