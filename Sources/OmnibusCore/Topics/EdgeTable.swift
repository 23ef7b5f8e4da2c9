// Part of Omnibus, an event bus that a Swift program links and runs inside itself.
// SPDX-License-Identifier: Apache-2.0

/// The literal edges of a trie beyond the one that each node holds itself: from a node, by a word, to a node.
///
/// A hash table with linear probing; twelve bytes an edge.
struct EdgeTable: Sendable {
    struct Edge: Sendable {
        var node = EdgeTable.none
        var word: UInt32 = 0
        var child: UInt32 = 0
    }

    static let none = UInt32.max

    private var slots: [Edge] = []
    private let seed: UInt64
    private(set) var count = 0

    var byteEstimate: Int { self.slots.capacity * MemoryLayout<Edge>.stride }

    init(seed: UInt64) {
        self.seed = seed
    }

    /// All edges, in no order.
    var edges: [Edge] { self.slots.filter { $0.node != Self.none } }

    /// The node that an edge leads to, or `none`.
    func child(of node: UInt32, by word: UInt32) -> UInt32 {
        self.withView { $0.child(of: node, by: word) }
    }

    /// Lends the table for many searches.
    @inline(__always)
    func withView<Result>(_ body: (View) -> Result) -> Result {
        self.slots.withUnsafeBufferPointer { body(View(slots: $0, seed: self.seed)) }
    }

    /// The table as it is searched, without a reference count; it ends with the call that lends it.
    struct View {
        fileprivate var slots: UnsafeBufferPointer<Edge>
        fileprivate var seed: UInt64

        @inline(__always)
        func child(of node: UInt32, by word: UInt32) -> UInt32 {
            guard let slots = self.slots.baseAddress, self.slots.count > 0 else { return EdgeTable.none }
            let mask = self.slots.count &- 1
            var index = EdgeTable.home(of: node, word, seed: self.seed) & mask
            while true {
                let edge = slots + index
                if edge.pointee.node == node, edge.pointee.word == word { return edge.pointee.child }
                if edge.pointee.node == EdgeTable.none { return EdgeTable.none }
                index = (index &+ 1) & mask
            }
        }
    }

    /// Adds an edge that is not there.
    mutating func insert(_ edge: Edge) {
        if (self.count + 1) * 4 > self.slots.count * 3 { self.resize(to: max(16, self.slots.count * 2)) }
        self.place(edge)
        self.count += 1
    }

    /// Removes an edge that is there, and moves up those behind it that had to make way for it.
    mutating func remove(from node: UInt32, by word: UInt32) {
        guard self.child(of: node, by: word) != Self.none else { return }
        let mask = self.slots.count - 1
        var hole = self.home(of: node, word) & mask
        while self.slots[hole].node != node || self.slots[hole].word != word { hole = (hole + 1) & mask }
        var index = hole
        while true {
            index = (index + 1) & mask
            let edge = self.slots[index]
            guard edge.node != Self.none else { break }
            let home = self.home(of: edge.node, edge.word) & mask
            guard (index &- home) & mask >= (index &- hole) & mask else { continue }
            self.slots[hole] = edge
            hole = index
        }
        self.slots[hole] = Edge()
        self.count -= 1
        if self.slots.count > 64, self.count * 8 < self.slots.count { self.resize(to: self.slots.count / 4) }
    }

    /// Writes every edge anew with other numbers.
    mutating func renumber(nodes: [UInt32], words: [UInt32]) {
        let old = self.slots
        self.slots = Array(repeating: Edge(), count: old.count)
        for edge in old where edge.node != Self.none {
            self.place(
                Edge(node: nodes[Int(edge.node)], word: words[Int(edge.word)], child: nodes[Int(edge.child)])
            )
        }
    }

    @inline(__always)
    fileprivate static func home(of node: UInt32, _ word: UInt32, seed: UInt64) -> Int {
        Int(truncatingIfNeeded: WordKey.mix((UInt64(node) << 32 | UInt64(word)) ^ seed, 0xA076_1D64_78BD_642F))
    }

    private func home(of node: UInt32, _ word: UInt32) -> Int { Self.home(of: node, word, seed: self.seed) }

    private mutating func place(_ edge: Edge) {
        let mask = self.slots.count - 1
        var index = self.home(of: edge.node, edge.word) & mask
        while self.slots[index].node != Self.none { index = (index + 1) & mask }
        self.slots[index] = edge
    }

    private mutating func resize(to count: Int) {
        let old = self.slots
        self.slots = Array(repeating: Edge(), count: count)
        for edge in old where edge.node != Self.none { self.place(edge) }
    }
}
