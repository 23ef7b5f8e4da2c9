// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// The literal edges of a trie beyond the one that each node holds itself: from a node, by a word, to a node.
///
/// A hash table with linear probing. An edge is 24 bytes and has the word in itself, so that following one reads one
/// place of memory: in a large trie, waiting for memory is what matching takes its time for.
struct EdgeTable: Sendable {
    struct Edge: Sendable {
        var key = WordKey(low: 0, high: 0)
        var node: UInt32 = 0
        /// None where the slot is empty.
        var child = PatternTrie.none
    }

    private var slots: [Edge] = []
    private let seed: UInt64
    private(set) var count = 0

    var byteEstimate: Int { self.slots.capacity * MemoryLayout<Edge>.stride }

    init(seed: UInt64) {
        self.seed = seed
    }

    /// All edges, in no order.
    var edges: [Edge] { self.slots.filter { $0.child != PatternTrie.none } }

    /// Lends the table for many searches.
    @inline(__always)
    func withView<Result>(_ body: (View) -> Result) -> Result {
        self.slots.withUnsafeBufferPointer { body(View(slots: $0)) }
    }

    /// The table as it is searched, without a reference count; it ends with the call that lends it.
    struct View {
        fileprivate var slots: UnsafeBufferPointer<Edge>

        /// The slot of an edge, or nil; `hash` is the key's.
        @inline(__always)
        func find(
            _ node: UInt32,
            _ key: WordKey,
            _ hash: UInt64,
            _ word: UnsafeBufferPointer<UInt8>,
            _ long: LongWords.View
        ) -> Int? {
            guard let slots = self.slots.baseAddress, self.slots.count > 0 else { return nil }
            let mask = self.slots.count &- 1
            var index = EdgeTable.home(of: node, hash) & mask
            while true {
                let edge = slots + index
                if edge.pointee.node == node, edge.pointee.child != PatternTrie.none,
                    long.areEqual(edge.pointee.key, key, word)
                {
                    return index
                }
                if edge.pointee.child == PatternTrie.none { return nil }
                index = (index &+ 1) & mask
            }
        }

        /// The edge in a slot that was found.
        @inline(__always)
        subscript(index: Int) -> Edge { self.slots[index] }
    }

    /// Adds an edge that is not there.
    mutating func insert(_ edge: Edge) {
        if (self.count + 1) * 4 > self.slots.count * 3 { self.resize(to: max(16, self.slots.count * 2)) }
        self.place(edge)
        self.count += 1
    }

    mutating func replaceChild(at slot: Int, with child: UInt32) {
        self.slots[slot].child = child
    }

    /// Empties a slot that was found, and moves up the edges behind it that had to make way for it.
    mutating func remove(at slot: Int) {
        let mask = self.slots.count - 1
        var hole = slot
        var index = slot
        while true {
            index = (index + 1) & mask
            let edge = self.slots[index]
            guard edge.child != PatternTrie.none else { break }
            let home = self.home(of: edge) & mask
            guard (index &- home) & mask >= (index &- hole) & mask else { continue }
            self.slots[hole] = edge
            hole = index
        }
        self.slots[hole] = Edge()
        self.count -= 1
        if self.slots.count > 64, self.count * 8 < self.slots.count { self.resize(to: self.slots.count / 4) }
    }

    /// Writes every edge anew as `change` makes it.
    mutating func rewrite(_ change: (Edge) -> Edge) {
        let old = self.slots
        self.slots = Array(repeating: Edge(), count: old.count)
        for edge in old where edge.child != PatternTrie.none { self.place(change(edge)) }
    }

    @inline(__always)
    fileprivate static func home(of node: UInt32, _ hash: UInt64) -> Int {
        Int(truncatingIfNeeded: ((hash ^ UInt64(node)) &* 0x9E37_79B9_7F4A_7C15) >> 24)
    }

    private func home(of edge: Edge) -> Int { Self.home(of: edge.node, edge.key.hash(seed: self.seed)) }

    private mutating func place(_ edge: Edge) {
        let mask = self.slots.count - 1
        var index = self.home(of: edge) & mask
        while self.slots[index].child != PatternTrie.none { index = (index + 1) & mask }
        self.slots[index] = edge
    }

    private mutating func resize(to count: Int) {
        let old = self.slots
        self.slots = Array(repeating: Edge(), count: count)
        for edge in old where edge.child != PatternTrie.none { self.place(edge) }
    }
}
