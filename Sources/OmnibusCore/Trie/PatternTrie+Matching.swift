// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

extension PatternTrie {
    /// Appends the tokens of all patterns that match a topic, each once for each of its patterns, in no order.
    ///
    /// At most one visit of each node for each word of the topic, however many `#` there are; nothing is allocated but
    /// what the tokens need, unless more than `Walk.usualCapacity` nodes are reached at once. Returns the visits.
    @discardableResult
    package func match(_ topic: Topic, into tokens: inout [Token]) -> Int {
        let count = tokens.count
        return TopicName.withBytes(of: topic.name) { bytes in
            var capacity = Walk.usualCapacity
            while true {
                if let visits = self.match(bytes, capacity: capacity, into: &tokens) { return visits }
                tokens.removeSubrange(count...)
                capacity *= 8
            }
        }
    }

    /// Matches with room for so many nodes at once; nil where they are more.
    private func match(
        _ bytes: UnsafeBufferPointer<UInt8>,
        capacity: Int,
        into tokens: inout [Token]
    ) -> Int? {
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 4 * capacity) { memory in
            self.nodes.withUnsafeBufferPointer { nodes in
                self.edges.withView { edges in
                    self.longWords.withView { long in
                        guard let nodes = nodes.baseAddress, let memory = memory.baseAddress else { return nil }
                        var walk = Walk(nodes: nodes, edges: edges, long: long, memory: memory, capacity: capacity)
                        walk.run(bytes, seed: self.seed, self.tokenLists, &tokens)
                        return walk.isTooSmall ? nil : walk.visits
                    }
                }
            }
        }
    }
}

/// A word of the topic, as it is looked for.
private struct SoughtWord {
    var key: WordKey
    var hash: UInt64
    var bytes: UnsafeBufferPointer<UInt8>
}

/// One walk over a trie, along the words of a topic: the nodes that are reached, word by word.
struct Walk {
    /// How many nodes may be reached at once without an allocation: four lists of them are 1,024 bytes on the stack.
    static let usualCapacity = 64

    private let nodes: UnsafePointer<PatternTrie.Node>
    private let edges: EdgeTable.View
    private let long: LongWords.View
    private let capacity: Int

    /// The nodes that the words read so far lead to, those behind a `#` excepted.
    private var current: UnsafeMutablePointer<UInt32>
    private var currentCount = 0
    private var next: UnsafeMutablePointer<UInt32>
    private var nextCount = 0
    /// The nodes behind a `#`, which stay, whatever words follow.
    private let lasting: UnsafeMutablePointer<UInt32>
    private var lastingCount = 0
    /// A hash table of the nodes below a `#` whose own `#` was entered: it can be reached more than once.
    private let reached: UnsafeMutablePointer<UInt32>
    private var reachedCount = -1

    /// Whether the word that is being read is the last one, so that a leaf it leads to counts.
    private var isLast = false
    private(set) var isTooSmall = false
    private(set) var visits = 0

    init(
        nodes: UnsafePointer<PatternTrie.Node>,
        edges: EdgeTable.View,
        long: LongWords.View,
        memory: UnsafeMutablePointer<UInt32>,
        capacity: Int
    ) {
        self.nodes = nodes
        self.edges = edges
        self.long = long
        self.capacity = capacity
        self.current = memory
        self.next = memory + capacity
        self.lasting = memory + 2 * capacity
        self.reached = memory + 3 * capacity
    }

    @inline(__always)
    mutating func run(
        _ bytes: UnsafeBufferPointer<UInt8>,
        seed: UInt64,
        _ lists: [[PatternTrie.Token]],
        _ tokens: inout [PatternTrie.Token]
    ) {
        let isSystem = TopicName.isSystem(bytes)
        self.current[0] = 0
        self.currentCount = 1
        if !isSystem { self.enterHash(of: 0, lists, &tokens) }
        var hidesStar = isSystem
        var cursor = KeyCursor(bytes)
        while let key = cursor.next() {
            let word = SoughtWord(key: key, hash: key.hash(seed: seed), bytes: cursor.word)
            self.isLast = cursor.isAtEnd
            let lastingCount = self.lastingCount
            self.visits &+= self.currentCount &+ lastingCount
            self.nextCount = 0
            for index in 0..<self.currentCount {
                self.advance(from: self.current[index], by: word, hidesStar, lists, &tokens)
            }
            for index in 0..<lastingCount {
                self.advance(from: self.lasting[index], by: word, false, lists, &tokens)
            }
            swap(&self.current, &self.next)
            self.currentCount = self.nextCount
            if self.currentCount + self.lastingCount == 0 || self.isTooSmall { return }
            hidesStar = false
        }
        for index in 0..<self.currentCount {
            PatternTrie.append(self.nodes[Int(self.current[index])].tokens, of: lists, to: &tokens)
        }
    }

    @inline(__always)
    private mutating func advance(
        from index: UInt32,
        by word: SoughtWord,
        _ hidesStar: Bool,
        _ lists: [[PatternTrie.Token]],
        _ tokens: inout [PatternTrie.Token]
    ) {
        let node = self.nodes + Int(index)
        if node.pointee.literalCount > 0 {
            // An empty place holds no word, the empty word included, so the child need not be looked at first.
            if self.long.areEqual(node.pointee.literalKey, word.key, word.bytes) {
                self.enter(node.pointee.literalChild, lists, &tokens)
            } else if let slot = self.edges.find(index, word.key, word.hash, word.bytes, self.long) {
                self.enter(self.edges[slot].child, lists, &tokens)
            }
        }
        if node.pointee.starChild != PatternTrie.none, !hidesStar {
            self.enter(node.pointee.starChild, lists, &tokens)
        }
    }

    @inline(__always)
    private mutating func enter(
        _ index: UInt32,
        _ lists: [[PatternTrie.Token]],
        _ tokens: inout [PatternTrie.Token]
    ) {
        guard PatternTrie.isNode(index) else {
            if self.isLast { tokens.append(index & ~PatternTrie.listMark) }
            return
        }
        guard self.nextCount < self.capacity else {
            self.isTooSmall = true
            return
        }
        self.next[self.nextCount] = index
        self.nextCount &+= 1
        let node = self.nodes + Int(index)
        if node.pointee.hashChild != PatternTrie.none { self.enterHash(of: index, lists, &tokens) }
    }

    /// Enters the node behind a `#`, and those behind more of them, without a word.
    ///
    /// What was entered stays to the end, so its tokens count at once, and it is kept only if words lead on from it.
    private mutating func enterHash(
        of parent: UInt32,
        _ lists: [[PatternTrie.Token]],
        _ tokens: inout [PatternTrie.Token]
    ) {
        var parent = parent
        var node = self.nodes + Int(parent)
        while node.pointee.hashChild != PatternTrie.none {
            let index = node.pointee.hashChild
            if node.pointee.literals & PatternTrie.Node.isBelowHash != 0, !self.isFirstTime(behind: parent) { return }
            guard PatternTrie.isNode(index) else {
                tokens.append(index & ~PatternTrie.listMark)
                return
            }
            parent = index
            node = self.nodes + Int(index)
            PatternTrie.append(node.pointee.tokens, of: lists, to: &tokens)
            guard node.pointee.leadsOn else { continue }
            guard self.lastingCount < self.capacity else {
                self.isTooSmall = true
                return
            }
            self.lasting[self.lastingCount] = index
            self.lastingCount &+= 1
        }
    }

    /// Notes that the `#` behind a node was entered; false where it had been before.
    private mutating func isFirstTime(behind node: UInt32) -> Bool {
        if self.reachedCount < 0 {
            self.reached.initialize(repeating: PatternTrie.none, count: self.capacity)
            self.reachedCount = 0
        }
        let mask = self.capacity - 1
        var place = Int(truncatingIfNeeded: (UInt64(node) &* 0x9E37_79B9_7F4A_7C15) >> 32) & mask
        while self.reached[place] != PatternTrie.none {
            if self.reached[place] == node { return false }
            place = (place + 1) & mask
        }
        guard self.reachedCount * 4 < self.capacity * 3 else {
            self.isTooSmall = true
            return false
        }
        self.reached[place] = node
        self.reachedCount += 1
        return true
    }
}
