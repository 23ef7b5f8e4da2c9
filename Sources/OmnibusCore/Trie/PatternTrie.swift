// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

// orders.*.paid → 7, orders.# → 9, orders → 3
//
//   root ── orders {3} ─┬─ * ── paid → 7
//                       └─ # → 9
//
// A node is a number, and all that it holds stands in the one edge that leads to it (`EdgeTable`), beside the edge's
// word: which kinds of children there are, and the tokens. Words of up to 11 bytes are their own key (`WordKey`). A
// pattern's end that has one token and leads nowhere is no node but a leaf: the token stands in the edge, marked by the
// highest bit. Where nothing but such a leaf follows, its word stands in the edge before, too, as a tail: of a million
// patterns most have an end of their own, and for these the last two words cost one wait for memory together.
//
// Tried and dropped: words as numbers of a table of their own. It saves some memory where words repeat, and costs one
// more wait for memory for each word, half of the time that a match takes among a million patterns. Nodes in an array
// of their own: the same, once for each node.

/// Patterns and the tokens that stand for their subscribers, made to be matched against many topics.
///
/// The in-memory broker routes by it; it is public for those who write a back end of their own. A token is a small
/// number that means something to the owner. The trie is a value: its owner locks it. Inserting and removing take time
/// linear in the pattern's words; matching takes at most one visit of each node for each word of the topic. `match`
/// reads only, so several threads may match on one value; a ``TopicIndex`` finds what was matched for topics that
/// return.
///
/// ```swift
/// var trie = PatternTrie()
/// trie.insert("agent.*.failed", 1)
/// trie.insert("agent.#", 2)
///
/// var tokens: [PatternTrie.Token] = []
/// trie.match("agent.7.failed", into: &tokens)  // 1 and 2, in any order
/// ```
public struct PatternTrie: Sendable {
    /// What stands for a subscriber: any number but `UInt32.max`, which means "none" inside and must not be inserted.
    public typealias Token = UInt32

    /// What a node holds.
    struct Node: Sendable {
        /// The number of children by words, and the flags below.
        var children: UInt32 = 0
        /// None, one token, or, with the highest bit set, an index into `tokenLists`.
        var token = PatternTrie.none
        /// None, or another token beside the first one.
        var secondToken = PatternTrie.none

        /// Whether there is a `#` above the node.
        static let isBelowHash: UInt32 = 1 << 31
        /// Whether there is a child by `*`, and by `#`.
        static let hasStar: UInt32 = 1 << 30
        static let hasHash: UInt32 = 1 << 29

        var isBelowHash: Bool { self.children & Self.isBelowHash != 0 }
        var hasStar: Bool { self.children & Self.hasStar != 0 }
        var hasHash: Bool { self.children & Self.hasHash != 0 }
        var hasLiterals: Bool { self.children & (Self.hasHash - 1) != 0 }
        /// Whether a word leads on from here.
        var leadsOn: Bool { self.hasLiterals || self.hasStar }
        var hasNothing: Bool { self.children & ~Self.isBelowHash == 0 && self.token == PatternTrie.none }
    }

    static let none = UInt32.max
    static let listMark: UInt32 = 1 << 31

    /// What the node holds that all patterns begin at, whose number is 0.
    var root = Node()
    var edges: EdgeTable
    var longWords = LongWords()
    let seed: UInt64
    /// The tokens of patterns that have more than two, in ascending order.
    var tokenLists: [[Token]] = []
    var freeLists: [UInt32] = []
    /// The numbers of nodes that are below `lastNode` and not in use.
    var freeNodes: [UInt32] = []
    var lastNode: UInt32 = 0

    /// Grows with every change: what was matched in another generation may be out of date.
    public private(set) var generation: UInt64 = 0
    /// The number of pairs of pattern and token.
    public private(set) var count = 0

    /// Creates a trie without patterns.
    public init() {
        // Random in each process, so that nobody can choose words that all fall on one place of the table.
        self.seed = UInt64(truncatingIfNeeded: Hasher().finalize())
        self.edges = EdgeTable(seed: self.seed)
    }

    /// The number of nodes in use, the root included; ends of patterns with one token need none.
    package var nodeCount: Int { 1 + Int(self.lastNode) - self.freeNodes.count }
    /// The number of words in the trie, wildcards excepted.
    package internal(set) var wordCount = 0
    /// The memory that the trie's arrays occupy, in bytes.
    package var byteEstimate: Int {
        self.longWords.byteEstimate + self.edges.byteEstimate
            + self.tokenLists.reduce(self.tokenLists.capacity * 8) { $0 + 32 + $1.capacity * 4 }
            + (self.freeLists.capacity + self.freeNodes.capacity) * 4
    }

    /// Adds a token to a pattern; false where it was there already. The token `UInt32.max` is reserved; see `Token`.
    @discardableResult
    public mutating func insert(_ pattern: TopicPattern, _ token: Token) -> Bool {
        var name = pattern.name
        guard name.withUTF8({ self.insert($0, token) }) else { return false }
        self.generation += 1
        self.count += 1
        return true
    }

    private mutating func insert(_ bytes: UnsafeBufferPointer<UInt8>, _ token: Token) -> Bool {
        var place = Place.root
        var cursor = KeyCursor(bytes)
        while !cursor.isAtEnd {
            let word = SoughtWord(key: cursor.next(), name: bytes)
            if let slot = self.slot(from: place, by: word) {
                let edge = self.edges[slot]
                if edge.child == Self.leaf(of: token), self.isAll(edge.tail, thatFollows: cursor) { return false }
                place = self.makeNode(at: slot, below: place, by: word)
            } else if let leaf = Self.leaf(of: token), cursor.isAtEnd {
                self.addEdge(to: leaf, at: place, by: word)
                return true
            } else if let leaf = Self.leaf(of: token), let tail = self.tail(behind: word, cursor, at: place) {
                self.addEdge(to: leaf, at: place, by: word, tail)
                return true
            } else {
                place = self.addNode(at: place, by: word)
            }
        }
        return self.addToken(token, at: place)
    }

    /// Takes a token away from a pattern, and gives back what nothing else needs; false where it was not there.
    @discardableResult
    public mutating func remove(_ pattern: TopicPattern, _ token: Token) -> Bool {
        var name = pattern.name
        guard name.withUTF8({ self.remove($0, token) }) else { return false }
        self.generation += 1
        self.count -= 1
        self.shrinkIfMostlyEmpty()
        return true
    }

    private mutating func remove(_ bytes: UnsafeBufferPointer<UInt8>, _ token: Token) -> Bool {
        var place = Place.root
        var path = [PathStep(place: place, word: SoughtWord(key: .none, name: bytes))]
        var cursor = KeyCursor(bytes)
        while !cursor.isAtEnd {
            let word = SoughtWord(key: cursor.next(), name: bytes)
            guard let slot = self.slot(from: place, by: word) else { return false }
            let edge = self.edges[slot]
            guard Self.isNode(edge.child) else {
                guard edge.child == Self.leaf(of: token), self.isAll(edge.tail, thatFollows: cursor) else {
                    return false
                }
                self.removeEdge(at: slot, below: path[...])
                self.prune(path[...])
                return true
            }
            place = Place(
                node: edge.child,
                slot: slot,
                isBelowHash: edge.node.isBelowHash
            )
            path.append(PathStep(place: place, word: word))
        }
        guard self.removeToken(token, at: place) else { return false }
        self.prune(path[...])
        return true
    }
}
