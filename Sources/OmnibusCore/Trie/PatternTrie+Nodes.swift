// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

extension PatternTrie {
    enum Step { case literal, star, hash }

    @inline(__always)
    static func step(by key: WordKey) -> Step {
        guard key.high == WordKey.star.high else { return .literal }
        if key.low == WordKey.star.low { return .star }
        return key.low == WordKey.hashSign.low ? .hash : .literal
    }

    /// The link that stands for an end of a pattern with one token; nil for the few tokens that do not fit.
    static func leaf(of token: Token) -> UInt32? {
        token < Self.listMark - 1 ? token | Self.listMark : nil
    }

    @inline(__always)
    static func isNode(_ link: UInt32) -> Bool { link & Self.listMark == 0 }

    /// A node, and the slot of the edge that leads to it, as long as no edge is added or removed.
    struct Place {
        var node: UInt32
        /// None for the root.
        var slot: Int?
        var isBelowHash: Bool

        static let root = Place(node: 0, slot: nil, isBelowHash: false)
    }

    /// A node on the way to the end of a pattern, and the word that led to it.
    struct PathStep {
        var place: Place
        var word: SoughtWord
    }

    /// The slot of the edge from a node by a word, or nil.
    func slot(from place: Place, by word: SoughtWord) -> Int? {
        self.longWords.withView { long in
            self.edges.withView { edges in
                edges.find(place.node, word, self.edges.path(from: place.node, by: word.key), long).map(edges.slot)
            }
        }
    }

    func node(at place: Place) -> Node { place.slot.map { self.edges[$0].node } ?? self.root }

    mutating func setNode(_ node: Node, at place: Place) {
        if let slot = place.slot { self.edges[slot].node = node } else { self.root = node }
    }

    // MARK: Adding

    /// Adds an edge to a leaf, by a word and perhaps another one.
    mutating func addEdge(to leaf: UInt32, at place: Place, by word: SoughtWord, _ tail: WordKey = .none) {
        var edge = self.newEdge(from: place, to: leaf, by: word)
        edge.tail = tail
        if !tail.isNone, Self.step(by: tail) == .literal { self.wordCount += 1 }
        self.edges.insert(edge)
    }

    /// The word behind a word, if it is the last one and can stand in the edge of the one before it.
    func tail(behind word: SoughtWord, _ cursor: KeyCursor, at place: Place) -> WordKey? {
        // A leaf below a `#` may be come to more than once, which is noted for nodes alone.
        guard !place.isBelowHash, Self.step(by: word.key) != .hash else { return nil }
        var cursor = cursor
        let tail = cursor.next()
        return cursor.isAtEnd && !tail.isLong ? tail : nil
    }

    /// Adds an edge to a new node.
    mutating func addNode(at place: Place, by word: SoughtWord) -> Place {
        let isBelowHash = place.isBelowHash || Self.step(by: word.key) == .hash
        let number = self.nextNode(at: self.edges.path(from: place.node, by: word.key))
        var edge = self.newEdge(from: place, to: number, by: word)
        edge.node = Node(children: isBelowHash ? Node.isBelowHash : 0)
        let slot = self.edges.insert(edge)
        return Place(node: number, slot: slot, isBelowHash: isBelowHash)
    }

    /// The node that an edge leads to. Where that is a leaf, a node takes over its token, or stands before its tail.
    mutating func makeNode(at slot: Int, below place: Place, by word: SoughtWord) -> Place {
        var edge = self.edges[slot]
        let isBelowHash = place.isBelowHash || Self.step(by: word.key) == .hash
        var new = Place(node: edge.child, slot: slot, isBelowHash: isBelowHash)
        if Self.isNode(edge.child) { return new }
        let (leaf, tail) = (edge.child, edge.tail)
        new.node = self.nextNode(at: self.edges.path(from: place.node, by: word.key))
        edge.child = new.node
        var node = Node(children: isBelowHash ? Node.isBelowHash : 0)
        if tail.isNone { node.token = leaf & ~Self.listMark } else { node.children += Self.mark(of: tail) }
        edge.node = node
        self.edges[slot] = edge
        if !tail.isNone {
            self.edges.insert(EdgeTable.Edge(parent: new.node, child: leaf, key: tail))
            new.slot = self.slot(from: place, by: word)
        }
        return new
    }

    private mutating func newEdge(from place: Place, to child: UInt32, by word: SoughtWord) -> EdgeTable.Edge {
        if Self.step(by: word.key) == .literal { self.wordCount += 1 }
        var node = self.node(at: place)
        node.children += Self.mark(of: word.key)
        self.setNode(node, at: place)
        return EdgeTable.Edge(parent: place.node, child: child, key: self.longWords.keep(word))
    }

    /// What a child adds to the count and the flags of its parent.
    private static func mark(of key: WordKey) -> UInt32 {
        switch self.step(by: key) {
        case .literal: 1
        case .star: Node.hasStar
        case .hash: Node.hasHash
        }
    }

    private mutating func nextNode(at path: UInt32) -> UInt32 {
        let node = self.freeNodes.popLast() ?? self.lastNode + 1
        self.lastNode = max(self.lastNode, node)
        self.edges.setPath(path, of: node)
        return node
    }

    // MARK: Removing

    /// Whether a leaf's tail is all that follows in a pattern.
    func isAll(_ tail: WordKey, thatFollows cursor: KeyCursor) -> Bool {
        var cursor = cursor
        guard !tail.isNone else { return cursor.isAtEnd }
        let word = cursor.next()
        return cursor.isAtEnd && word.low == tail.low && word.high == tail.high
    }

    /// Frees the nodes at the end of a path that hold nothing any more; never the root.
    mutating func prune(_ path: ArraySlice<PathStep>) {
        var path = path
        while let last = path.popLast(), let parent = path.last {
            guard let slot = self.slot(from: parent.place, by: last.word), self.edges[slot].node.hasNothing else {
                return
            }
            self.freeNodes.append(last.place.node)
            self.removeEdge(at: slot, below: path)
        }
    }

    /// Removes an edge below the node at the end of a path, which moves others.
    mutating func removeEdge(at slot: Int, below path: ArraySlice<PathStep>) {
        let edge = self.edges[slot]
        if Self.step(by: edge.key) == .literal { self.wordCount -= 1 }
        if !Self.isNode(edge.child), !edge.tail.isNone, Self.step(by: edge.tail) == .literal { self.wordCount -= 1 }
        self.longWords.forget(edge.key)
        self.edges.remove(at: slot)
        guard var parent = path.last?.place else { return }
        if let grandparent = path.dropLast().last, let word = path.last?.word {
            parent.slot = self.slot(from: grandparent.place, by: word)
        }
        var node = self.node(at: parent)
        node.children -= Self.mark(of: edge.key)
        self.setNode(node, at: parent)
    }
}
