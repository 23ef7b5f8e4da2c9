// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

extension PatternTrie {
    enum Step { case literal, star, hash }

    static func step(by key: WordKey) -> Step {
        guard key.high == 2 << 56 else { return .literal }
        return switch UInt8(truncatingIfNeeded: key.low) {
        case TopicName.star: .star
        case TopicName.hash: .hash
        default: .literal
        }
    }

    /// The link that stands for an end of a pattern with one token; nil for the few tokens that do not fit.
    static func leaf(of token: Token) -> UInt32? {
        token < Self.listMark - 1 ? token | Self.listMark : nil
    }

    @inline(__always)
    static func isNode(_ link: UInt32) -> Bool { link & Self.listMark == 0 }

    @inline(__always)
    static func isLeaf(_ link: UInt32) -> Bool { link & Self.listMark != 0 && link != Self.none }

    /// Where a word leads from a node: to a node, to a leaf, or nowhere, which is `none`.
    func link(of node: UInt32, by key: WordKey, _ bytes: UnsafeBufferPointer<UInt8>) -> UInt32 {
        let parent = self.nodes[Int(node)]
        switch Self.step(by: key) {
        case .star: return parent.starChild
        case .hash: return parent.hashChild
        case .literal:
            if self.isOwn(key, bytes, of: parent) { return parent.literalChild }
            return self.slot(of: node, by: key, bytes).map { slot in self.edges.withView { $0[slot].child } }
                ?? Self.none
        }
    }

    /// Whether a word is that of the literal child that the node holds itself.
    private func isOwn(_ key: WordKey, _ bytes: UnsafeBufferPointer<UInt8>, of node: Node) -> Bool {
        node.literalChild != Self.none && self.longWords.withView { $0.areEqual(node.literalKey, key, bytes) }
    }

    private func slot(of node: UInt32, by key: WordKey, _ bytes: UnsafeBufferPointer<UInt8>) -> Int? {
        self.longWords.withView { long in
            self.edges.withView { $0.find(node, key, key.hash(seed: self.seed), bytes, long) }
        }
    }

    /// Makes a node where there is none, or a leaf, whose token the node takes over.
    mutating func makeNode(
        below parent: UInt32,
        by key: WordKey,
        _ bytes: UnsafeBufferPointer<UInt8>,
        insteadOf link: UInt32
    ) -> UInt32 {
        let isBelowHash = Self.step(by: key) == .hash || self.nodes[Int(parent)].literals & Node.isBelowHash != 0
        var node = Node(literals: isBelowHash ? Node.isBelowHash : 0)
        if Self.isLeaf(link) { node.tokens = link & ~Self.listMark }
        let index: UInt32
        if self.firstFree == Self.none {
            index = UInt32(self.nodes.count)
            self.nodes.append(node)
        } else {
            index = self.firstFree
            self.firstFree = self.nodes[Int(index)].literalChild
            self.freeCount -= 1
            self.nodes[Int(index)] = node
        }
        if link == Self.none {
            self.addLink(index, to: parent, by: key, bytes)
        } else {
            self.replaceLink(of: parent, by: key, bytes, with: index)
        }
        return index
    }

    mutating func addLink(
        _ link: UInt32,
        to node: UInt32,
        by key: WordKey,
        _ bytes: UnsafeBufferPointer<UInt8>
    ) {
        switch Self.step(by: key) {
        case .star: self.nodes[Int(node)].starChild = link
        case .hash: self.nodes[Int(node)].hashChild = link
        case .literal:
            let key = self.longWords.keep(key, bytes)
            self.wordCount += 1
            self.nodes[Int(node)].literals += 1
            if self.nodes[Int(node)].literalChild == Self.none {
                self.nodes[Int(node)].literalKey = key
                self.nodes[Int(node)].literalChild = link
            } else {
                self.edges.insert(EdgeTable.Edge(key: key, node: node, child: link))
            }
        }
    }

    private mutating func replaceLink(
        of node: UInt32,
        by key: WordKey,
        _ bytes: UnsafeBufferPointer<UInt8>,
        with link: UInt32
    ) {
        switch Self.step(by: key) {
        case .star: self.nodes[Int(node)].starChild = link
        case .hash: self.nodes[Int(node)].hashChild = link
        case .literal where self.isOwn(key, bytes, of: self.nodes[Int(node)]):
            self.nodes[Int(node)].literalChild = link
        case .literal:
            if let slot = self.slot(of: node, by: key, bytes) { self.edges.replaceChild(at: slot, with: link) }
        }
    }

    /// A link on the way to the end of a pattern, and the word that led to it.
    struct PathStep {
        var link: UInt32
        var key: WordKey
        var word: UnsafeBufferPointer<UInt8>
    }

    /// The links from the root to the end of a pattern, or nil where it is not in the trie.
    func path(of bytes: UnsafeBufferPointer<UInt8>) -> [PathStep]? {
        var cursor = KeyCursor(bytes)
        var link: UInt32 = 0
        var path = [PathStep(link: link, key: WordKey(low: 0, high: 0), word: cursor.word)]
        while let key = cursor.next() {
            guard Self.isNode(link) else { return nil }
            link = self.link(of: link, by: key, cursor.word)
            guard link != Self.none else { return nil }
            path.append(PathStep(link: link, key: key, word: cursor.word))
        }
        return path
    }

    /// Frees the nodes at the end of a path that hold nothing any more; never the root.
    mutating func prune(_ path: ArraySlice<PathStep>) {
        for depth in path.indices.dropFirst().reversed() {
            let step = path[depth]
            guard self.nodes[Int(step.link)].hasNothing else { return }
            self.removeLink(from: path[depth - 1].link, by: step.key, step.word)
            self.nodes[Int(step.link)] = Node(literals: Node.freeMark, literalChild: self.firstFree)
            self.firstFree = step.link
            self.freeCount += 1
        }
    }

    mutating func removeLink(from node: UInt32, by key: WordKey, _ bytes: UnsafeBufferPointer<UInt8>) {
        switch Self.step(by: key) {
        case .star: self.nodes[Int(node)].starChild = Self.none
        case .hash: self.nodes[Int(node)].hashChild = Self.none
        case .literal:
            self.wordCount -= 1
            self.nodes[Int(node)].literals -= 1
            if self.isOwn(key, bytes, of: self.nodes[Int(node)]) {
                self.longWords.forget(self.nodes[Int(node)].literalKey)
                self.nodes[Int(node)].literalKey = WordKey(low: 0, high: 0)
                self.nodes[Int(node)].literalChild = Self.none
            } else if let slot = self.slot(of: node, by: key, bytes) {
                self.longWords.forget(self.edges.withView { $0[slot].key })
                self.edges.remove(at: slot)
            }
        }
    }
}
