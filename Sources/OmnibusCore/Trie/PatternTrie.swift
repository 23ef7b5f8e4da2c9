// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

// orders.*.paid → 7, orders.# → 9, orders → 3
//
//   root ── orders {3} ─┬─ * ── paid {7}
//                       └─ # {9}
//
// A node is 40 bytes in one array, found by its index: its `*` and `#` children, one literal child, and its tokens.
// Literal children beyond the first stand in one hash table for the whole trie, keyed by node and word, so a chain of
// only children, which most of a large trie is, needs nothing but neighbours in the array. Words of up to 15 bytes are
// their own key (`WordKey`). A pattern's end that has one token and leads nowhere is no node but a leaf: the token
// stands in the link, marked by the highest bit. Freed nodes form a list; when most are free, all are renumbered and
// the trie shrinks.
//
// Tried and dropped: words as numbers of a table of their own. It saves some memory where words repeat, and costs one
// more wait for memory for each word, half of the time that a match takes among a million patterns.

/// Patterns and the tokens that stand for their subscribers, made to be matched against many topics.
///
/// A token is a small number that means something to the owner. The trie is a value: its owner locks it. Inserting and
/// removing take time linear in the pattern's words; matching takes at most one visit of each node for each word of
/// the topic. `match` reads only, so several threads may match on one value; see `MatchCache` for topics that return.
package struct PatternTrie: Sendable {
    /// What stands for a subscriber: any number but `UInt32.max`, which means "none" inside and must not be inserted.
    package typealias Token = UInt32

    struct Node: Sendable {
        /// The word of the literal child that the node holds itself.
        var literalKey = WordKey(low: 0, high: 0)
        /// The number of literal children, and in the highest bit whether there is a `#` above this node.
        var literals: UInt32 = 0
        /// The child by `literalKey`; in a free node, the next free one.
        var literalChild = PatternTrie.none
        var starChild = PatternTrie.none
        var hashChild = PatternTrie.none
        /// None, one token, or, with the highest bit set, an index into `tokenLists`.
        var tokens = PatternTrie.none

        static let isBelowHash: UInt32 = 1 << 31
        static let freeMark: UInt32 = .max

        var literalCount: UInt32 { self.literals & ~Self.isBelowHash }
        var isFree: Bool { self.literals == Self.freeMark }
        var hasNothing: Bool { !self.hasChildren && self.tokens == PatternTrie.none }
        var hasChildren: Bool { self.leadsOn || self.hashChild != PatternTrie.none }
        /// Whether a word leads from here to another node.
        var leadsOn: Bool { self.literalCount > 0 || self.starChild != PatternTrie.none }
    }

    static let none = UInt32.max
    static let listMark: UInt32 = 1 << 31

    var nodes: [Node] = [Node()]
    var longWords = LongWords()
    var edges: EdgeTable
    let seed: UInt64
    /// The tokens of patterns that have several, in ascending order.
    var tokenLists: [[Token]] = []
    var freeLists: [UInt32] = []
    var firstFree = PatternTrie.none
    var freeCount = 0

    /// Grows with every change: what was matched in another generation may be out of date.
    package private(set) var generation: UInt64 = 0
    /// The number of pairs of pattern and token.
    package private(set) var count = 0

    package init() {
        // Random in each process, so that nobody can choose words that all fall on one place of the table.
        self.seed = UInt64(truncatingIfNeeded: Hasher().finalize())
        self.edges = EdgeTable(seed: self.seed)
    }

    /// The number of nodes in use, the root included; ends of patterns with one token need none.
    package var nodeCount: Int { self.nodes.count - self.freeCount }
    /// The number of words that the nodes are reached by, wildcards excepted.
    package internal(set) var wordCount = 0
    /// The memory that the trie's arrays occupy, in bytes.
    package var byteEstimate: Int {
        self.nodes.capacity * MemoryLayout<Node>.stride + self.longWords.byteEstimate + self.edges.byteEstimate
            + self.tokenLists.reduce(self.tokenLists.capacity * 8) { $0 + 32 + $1.capacity * 4 }
            + self.freeLists.capacity * 4
    }

    /// Adds a token to a pattern; false where it was there already. The token `UInt32.max` is reserved; see `Token`.
    @discardableResult
    package mutating func insert(_ pattern: TopicPattern, _ token: Token) -> Bool {
        var name = pattern.name
        let isNew = name.withUTF8 { bytes in
            var node: UInt32 = 0
            var cursor = KeyCursor(bytes)
            while let key = cursor.next() {
                let link = self.link(of: node, by: key, cursor.word)
                if link == Self.none, cursor.isAtEnd, let leaf = Self.leaf(of: token) {
                    self.addLink(leaf, to: node, by: key, cursor.word)
                    return true
                }
                if cursor.isAtEnd, link == Self.leaf(of: token) { return false }
                node = Self.isNode(link) ? link : self.makeNode(below: node, by: key, cursor.word, insteadOf: link)
            }
            return self.addToken(token, to: node)
        }
        guard isNew else { return false }
        self.generation += 1
        self.count += 1
        return true
    }

    /// Takes a token away from a pattern, and gives back what nothing else needs; false where it was not there.
    @discardableResult
    package mutating func remove(_ pattern: TopicPattern, _ token: Token) -> Bool {
        var name = pattern.name
        let isGone = name.withUTF8 { bytes in
            guard let path = self.path(of: bytes), let end = path.last else { return false }
            guard !Self.isLeaf(end.link) else {
                guard end.link == Self.leaf(of: token) else { return false }
                self.removeLink(from: path[path.count - 2].link, by: end.key, end.word)
                self.prune(path.dropLast())
                return true
            }
            guard self.removeToken(token, from: end.link) else { return false }
            self.prune(path[...])
            return true
        }
        guard isGone else { return false }
        self.generation += 1
        self.count -= 1
        self.shrinkIfMostlyEmpty()
        return true
    }
}
