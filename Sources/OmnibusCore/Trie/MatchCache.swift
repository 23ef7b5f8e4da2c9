// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// What was matched lately, for topics that return: a bounded table in front of a trie.
///
/// It belongs to one trie and one owner, who locks it; a broker keeps one in each of its stripes. Entries of another
/// generation of the trie do not count, so a change of the trie needs no word to the cache. A hit allocates nothing.
/// All entries are forgotten before they hold more tokens than `maximumTokenCount` together, so that a few topics with
/// very many subscribers do not make the cache large.
package struct MatchCache: Sendable {
    private struct Entry: Sendable {
        var hash: UInt64 = 0
        var generation: UInt64 = 0
        var name = ""
        var tokens: [PatternTrie.Token] = []
        var isUsed = false
    }

    private var entries: [Entry]
    private let seed: UInt64
    private var tokenCount = 0
    private let maximumTokenCount: Int

    /// The number of calls that did not find their topic.
    package private(set) var misses = 0

    /// Creates a cache for as many topics as the next power of two holds, at least 2, and so many tokens in all.
    package init(capacity: Int = 2_048, maximumTokenCount: Int = 1 << 18) {
        var count = 2
        while count < capacity { count *= 2 }
        self.entries = Array(repeating: Entry(), count: count)
        self.maximumTokenCount = maximumTokenCount
        self.seed = UInt64(truncatingIfNeeded: Hasher().finalize())
    }

    /// The most topics that the cache remembers.
    package var capacity: Int { self.entries.count }

    /// Hands over the tokens of all patterns that match a topic, from memory or from the trie.
    package mutating func withTokens<Result>(
        for topic: Topic,
        in trie: borrowing PatternTrie,
        _ body: (UnsafeBufferPointer<PatternTrie.Token>) throws -> Result
    ) rethrows -> Result {
        let index = self.index(for: topic, in: trie)
        return try self.entries[index].tokens.withUnsafeBufferPointer(body)
    }

    /// The tokens of all patterns that match a topic, from memory or from the trie.
    package mutating func tokens(for topic: Topic, in trie: borrowing PatternTrie) -> [PatternTrie.Token] {
        self.entries[self.index(for: topic, in: trie)].tokens
    }

    private mutating func index(for topic: Topic, in trie: borrowing PatternTrie) -> Int {
        let hash = TopicName.withBytes(of: topic.name) { Self.hash($0, seed: self.seed) }
        // Two places for each topic, so that two busy ones that fall on one place do not drive each other out.
        let first = Int(truncatingIfNeeded: hash) & (self.entries.count - 1)
        if self.holds(topic, hash, trie.generation, at: first) { return first }
        if self.holds(topic, hash, trie.generation, at: first ^ 1) { return first ^ 1 }
        self.misses += 1
        let isFirstCurrent = self.entries[first].isUsed && self.entries[first].generation == trie.generation
        let index = isFirstCurrent ? first ^ 1 : first
        // The older one of the two moves to the second place, and what stood there is forgotten.
        if isFirstCurrent { self.entries.swapAt(first, index) }
        self.refill(first, topic, hash, trie)
        return first
    }

    @inline(__always)
    private func holds(_ topic: Topic, _ hash: UInt64, _ generation: UInt64, at index: Int) -> Bool {
        self.entries.withUnsafeBufferPointer { entries in
            entries[index].hash == hash && entries[index].generation == generation && entries[index].isUsed
                && TopicName.areEqual(entries[index].name, topic.name)
        }
    }

    private mutating func refill(_ index: Int, _ topic: Topic, _ hash: UInt64, _ trie: borrowing PatternTrie) {
        var tokens = self.entries[index].tokens
        self.entries[index].tokens = []
        self.tokenCount -= tokens.count
        tokens.removeAll(keepingCapacity: tokens.capacity <= 64)
        trie.match(topic, into: &tokens)
        if self.tokenCount + tokens.count > self.maximumTokenCount {
            self.entries = Array(repeating: Entry(), count: self.entries.count)
            self.tokenCount = 0
        }
        self.tokenCount += tokens.count
        self.entries[index] = Entry(
            hash: hash,
            generation: trie.generation,
            name: topic.name,
            tokens: tokens,
            isUsed: true
        )
    }

    @inline(__always)
    private static func hash(_ bytes: UnsafeBufferPointer<UInt8>, seed: UInt64) -> UInt64 {
        let raw = UnsafeRawBufferPointer(bytes)
        let count = raw.count
        let load = { raw.loadUnaligned(fromByteOffset: $0, as: UInt64.self) }
        var hash = seed ^ UInt64(count)
        guard count >= 16 else {
            let isShort = count < 8
            let low = isShort ? raw.reduce(0) { $0 << 8 | UInt64($1) } : load(0)
            return WordKey.mix(hash ^ low, (isShort ? 0 : load(count - 8)) ^ 0xE703_7ED1_A0B4_28DB)
        }
        var offset = 0
        // The last sixteen bytes overlap with those before them where the length is no multiple of sixteen.
        while true {
            hash = WordKey.mix(hash ^ load(offset), load(offset + 8) ^ 0xA076_1D64_78BD_642F)
            if offset == count - 16 { return hash }
            offset = min(offset + 16, count - 16)
        }
    }
}
