// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// All edges of a trie: from a node, by a word or a wildcard, to a node or a leaf.
///
/// A hash table with linear probing. An edge is 32 bytes and has in itself its word and all that is to be known of the
/// node that it leads to, so that following one reads one place of memory: in a large trie, waiting for memory is what
/// matching takes its time for. That place follows from the words of the whole path, so it is known, and can begin to be
/// fetched, before the edges above have been read.
struct EdgeTable: Sendable {
    struct Edge: Sendable {
        /// The node that the edge begins at.
        var parent: UInt32
        /// The node that it leads to, or a leaf.
        var child: UInt32
        /// The word; no word's where the slot is empty.
        var key: WordKey
        /// What is known of the child.
        private var highContent: UInt32 = 0
        private var lowContent: UInt64 = 0

        fileprivate static let empty = Edge(parent: 0, child: PatternTrie.none, key: .none)

        init(parent: UInt32, child: UInt32, key: WordKey) {
            self.parent = parent
            self.child = child
            self.key = key
        }

        /// What the node holds that the edge leads to; meaningless for a leaf.
        @inline(__always)
        var node: PatternTrie.Node {
            get {
                PatternTrie.Node(
                    children: UInt32(truncatingIfNeeded: self.lowContent),
                    token: UInt32(truncatingIfNeeded: self.lowContent >> 32),
                    secondToken: self.highContent
                )
            }
            set {
                self.lowContent = UInt64(newValue.children) | UInt64(newValue.token) << 32
                self.highContent = newValue.secondToken
            }
        }

        /// The word, or wildcard, that has to follow before the leaf that the edge leads to; none in most cases.
        @inline(__always)
        var tail: WordKey {
            get { WordKey(low: self.lowContent, high: self.highContent) }
            set {
                self.lowContent = newValue.low
                self.highContent = newValue.high
            }
        }
    }

    private var slots = Array(repeating: Edge.empty, count: 16)
    private(set) var count = 0
    /// The hashes of the paths to the nodes, by their numbers: where an edge belongs follows from that of its parent.
    private var paths: [UInt32] = [0]
    private let seed: UInt64

    var byteEstimate: Int { self.slots.capacity * MemoryLayout<Edge>.stride + self.paths.capacity * 4 }

    init(seed: UInt64) {
        self.seed = seed
    }

    /// All edges, in no order.
    var edges: some Sequence<Edge> { self.slots.lazy.filter { !$0.key.isNone } }

    subscript(slot: Int) -> Edge {
        get { self.slots[slot] }
        set { self.slots[slot] = newValue }
    }

    /// The hash of the path that leads on from a node by a word.
    func path(from node: UInt32, by key: WordKey) -> UInt32 {
        Self.hash(self.paths[Int(node)], key.hash(seed: self.seed))
    }

    /// Notes the path to a node, before any edge begins there.
    mutating func setPath(_ hash: UInt32, of node: UInt32) {
        while self.paths.count <= Int(node) { self.paths.append(0) }
        self.paths[Int(node)] = hash
    }

    /// The hash of a path, from that of the path before its last word and that of the word.
    @inline(__always)
    static func hash(_ path: UInt32, _ word: UInt64) -> UInt32 {
        UInt32(truncatingIfNeeded: ((word ^ UInt64(path)) &* 0x9E37_79B9_7F4A_7C15) >> 32)
    }

    /// Lends the table for many searches.
    @inline(__always)
    func withView<Result>(_ body: (View) -> Result?) -> Result? {
        self.slots.withUnsafeBufferPointer { slots in
            guard let first = slots.baseAddress else { return nil }
            return body(View(slots: first, mask: slots.count &- 1))
        }
    }

    /// The table as it is searched, without a reference count; it ends with the call that lends it.
    struct View {
        fileprivate var slots: UnsafePointer<Edge>
        fileprivate var mask: Int

        /// Where the edge of a node and a word is, or nil; `hash` is that of the path to its end.
        @inline(__always)
        func find(
            _ node: UInt32,
            _ word: SoughtWord,
            _ hash: UInt32,
            _ long: LongWords.View
        ) -> UnsafePointer<Edge>? {
            var index = Int(hash) & self.mask
            while true {
                let edge = self.slots + index
                if edge.pointee.parent == node, long.areEqual(edge.pointee.key, word) { return edge }
                // Behind the comparison, which no empty slot passes.
                if edge.pointee.key.isNone { return nil }
                index = (index &+ 1) & self.mask
            }
        }

        /// Begins to fetch the memory that `find` will read.
        ///
        /// - Returns: something that the caller has to keep, so that the memory is read at all.
        @inline(__always)
        func touch(_ hash: UInt32) -> UInt32 { self.slots[Int(hash) & self.mask].parent }

        /// The slot of an edge that was found.
        func slot(of edge: UnsafePointer<Edge>) -> Int { self.slots.distance(to: edge) }
    }

    /// Adds an edge that is not there, which moves others; returns its slot.
    @discardableResult
    mutating func insert(_ edge: Edge) -> Int {
        // Fuller, and what was looked for is too often not where it is looked for first.
        if (self.count + 1) * 8 > self.slots.count * 5 { self.resize(to: self.slots.count * 2) }
        self.count += 1
        return self.place(edge)
    }

    /// Empties a slot, and moves up the edges behind it that had to make way for it.
    mutating func remove(at slot: Int) {
        let mask = self.slots.count - 1
        var hole = slot
        var index = slot
        while true {
            index = (index + 1) & mask
            let edge = self.slots[index]
            guard !edge.key.isNone else { break }
            guard (index &- self.home(of: edge)) & mask >= (index &- hole) & mask else { continue }
            self.slots[hole] = edge
            hole = index
        }
        self.slots[hole] = .empty
        self.count -= 1
        if self.slots.count > 64, self.count * 8 < self.slots.count { self.resize(to: self.slots.count / 4) }
    }

    /// Gives the nodes other numbers, and changes the edges in other ways.
    mutating func renumber(_ numbers: [UInt32], count: Int, _ change: (inout Edge) -> Void) {
        let old = self.paths
        self.paths = Array(repeating: 0, count: count)
        for (node, number) in numbers.enumerated() where number != PatternTrie.none {
            self.paths[Int(number)] = old[node]
        }
        // Hashes are of words, so that everything stays where it is.
        for slot in self.slots.indices where !self.slots[slot].key.isNone { change(&self.slots[slot]) }
    }

    private func home(of edge: Edge) -> Int { Int(self.path(from: edge.parent, by: edge.key)) }

    @discardableResult
    private mutating func place(_ edge: Edge) -> Int {
        let mask = self.slots.count - 1
        var index = self.home(of: edge) & mask
        while !self.slots[index].key.isNone { index = (index + 1) & mask }
        self.slots[index] = edge
        return index
    }

    private mutating func resize(to count: Int) {
        let old = self.slots
        self.slots = Array(unsafeUninitializedCapacity: count) { slots, initialized in
            HugePages.advise(UnsafeMutableRawBufferPointer(slots))
            slots.initialize(repeating: .empty)
            initialized = count
        }
        for edge in old where !edge.key.isNone { self.place(edge) }
    }
}
