// Part of Omnibus, an event bus that a Swift program links and runs inside itself.
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

    func child(of node: UInt32, by key: WordKey, _ bytes: UnsafeBufferPointer<UInt8>) -> UInt32 {
        switch Self.step(by: key) {
        case .star: self.nodes[Int(node)].starChild
        case .hash: self.nodes[Int(node)].hashChild
        case .literal: self.literalChild(of: node, by: key, bytes)
        }
    }

    private func literalChild(of node: UInt32, by key: WordKey, _ bytes: UnsafeBufferPointer<UInt8>) -> UInt32 {
        self.longWords.withView { long in
            let parent = self.nodes[Int(node)]
            if parent.literalCount == 0 { return Self.none }
            if parent.literalChild != Self.none, long.areEqual(parent.literalKey, key, bytes) {
                return parent.literalChild
            }
            return self.edges.withView { edges in
                edges.find(node, key, key.hash(seed: self.seed), bytes, long).map { edges[$0].child } ?? Self.none
            }
        }
    }

    /// Goes down from a node by one word of a pattern, making what is missing.
    mutating func makeChild(of node: UInt32, by key: WordKey, _ bytes: UnsafeBufferPointer<UInt8>) -> UInt32 {
        let found = self.child(of: node, by: key, bytes)
        if found != Self.none { return found }
        let step = Self.step(by: key)
        let isBelowHash = step == .hash || self.nodes[Int(node)].literals & Node.isBelowHash != 0
        let child = self.makeNode(isBelowHash: isBelowHash)
        switch step {
        case .star: self.nodes[Int(node)].starChild = child
        case .hash: self.nodes[Int(node)].hashChild = child
        case .literal:
            let key = self.longWords.keep(key, bytes)
            self.wordCount += 1
            self.nodes[Int(node)].literals += 1
            if self.nodes[Int(node)].literalChild == Self.none {
                self.nodes[Int(node)].literalKey = key
                self.nodes[Int(node)].literalChild = child
            } else {
                self.edges.insert(EdgeTable.Edge(key: key, node: node, child: child))
            }
        }
        return child
    }

    private mutating func makeNode(isBelowHash: Bool) -> UInt32 {
        let node = Node(literals: isBelowHash ? Node.isBelowHash : 0)
        guard self.firstFree != Self.none else {
            self.nodes.append(node)
            return UInt32(self.nodes.count - 1)
        }
        let index = self.firstFree
        self.firstFree = self.nodes[Int(index)].literalChild
        self.freeCount -= 1
        self.nodes[Int(index)] = node
        return index
    }

    /// A node on the way to the end of a pattern, and the word that led to it.
    struct PathStep {
        var node: UInt32
        var key: WordKey
        var word: UnsafeBufferPointer<UInt8>
    }

    /// The nodes from the root to the end of a pattern, or nil where it is not in the trie.
    func path(of bytes: UnsafeBufferPointer<UInt8>) -> [PathStep]? {
        var cursor = KeyCursor(bytes)
        var node: UInt32 = 0
        var path = [PathStep(node: node, key: WordKey(low: 0, high: 0), word: cursor.word)]
        while let key = cursor.next() {
            node = self.child(of: node, by: key, cursor.word)
            guard node != Self.none else { return nil }
            path.append(PathStep(node: node, key: key, word: cursor.word))
        }
        return path
    }

    /// Frees the nodes at the end of a path that hold nothing any more; never the root.
    mutating func prune(_ path: [PathStep]) {
        for depth in path.indices.dropFirst().reversed() {
            let step = path[depth]
            guard self.nodes[Int(step.node)].hasNothing else { return }
            self.unlink(step.node, from: path[depth - 1].node, by: step.key, step.word)
            self.nodes[Int(step.node)] = Node(literals: Node.freeMark, literalChild: self.firstFree)
            self.firstFree = step.node
            self.freeCount += 1
        }
    }

    private mutating func unlink(
        _ child: UInt32,
        from node: UInt32,
        by key: WordKey,
        _ bytes: UnsafeBufferPointer<UInt8>
    ) {
        switch Self.step(by: key) {
        case .star: self.nodes[Int(node)].starChild = Self.none
        case .hash: self.nodes[Int(node)].hashChild = Self.none
        case .literal:
            self.wordCount -= 1
            self.nodes[Int(node)].literals -= 1
            if self.nodes[Int(node)].literalChild == child {
                self.longWords.forget(self.nodes[Int(node)].literalKey)
                self.nodes[Int(node)].literalKey = WordKey(low: 0, high: 0)
                self.nodes[Int(node)].literalChild = Self.none
                return
            }
            let slot = self.longWords.withView { long in
                self.edges.withView { $0.find(node, key, key.hash(seed: self.seed), bytes, long) }
            }
            guard let slot else { return }
            self.longWords.forget(self.edges.withView { $0[slot].key })
            self.edges.remove(at: slot)
        }
    }
}
