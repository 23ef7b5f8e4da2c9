// Part of Omnibus, an event bus that a Swift program links and runs inside itself.
// SPDX-License-Identifier: Apache-2.0

extension PatternTrie {
    /// What a match needs for the time being; kept by the caller, so that matching allocates nothing once it is warm.
    package struct Scratch: Sendable {
        /// The nodes that the words read so far lead to, those behind a `#` excepted.
        fileprivate var current: [UInt32] = []
        fileprivate var next: [UInt32] = []
        /// The nodes behind a `#`, which stay, whatever words follow.
        fileprivate var lasting: [UInt32] = []
        /// Which nodes behind a `#` were reached, where a `#` above them can lead there twice.
        fileprivate var reached: Set<UInt32> = []
        /// How many nodes were visited in all, once for each word that they were visited with.
        package fileprivate(set) var visits = 0

        package init() {}
    }

    /// Appends the tokens of all patterns that match a topic, each once for each of its patterns, in no order.
    ///
    /// At most one visit of each node for each word of the topic, however many `#` there are.
    package func match(_ topic: Topic, using scratch: inout Scratch, into tokens: inout [Token]) {
        var name = topic.name
        name.withUTF8 { self.match($0, using: &scratch, into: &tokens) }
    }

    /// Appends the tokens of all patterns that match a topic; for the few calls that have no scratch to keep.
    package func match(_ topic: Topic, into tokens: inout [Token]) {
        var scratch = Scratch()
        self.match(topic, using: &scratch, into: &tokens)
    }

    private func match(
        _ bytes: UnsafeBufferPointer<UInt8>,
        using scratch: inout Scratch,
        into tokens: inout [Token]
    ) {
        scratch.current.removeAll(keepingCapacity: true)
        scratch.lasting.removeAll(keepingCapacity: true)
        if !scratch.reached.isEmpty { scratch.reached.removeAll(keepingCapacity: true) }

        let isSystem = TopicName.isSystem(bytes)
        self.nodes.withUnsafeBufferPointer { nodes in
            scratch.current.append(0)
            if !isSystem { self.enterHash(of: nodes[0], in: nodes, &scratch, &tokens) }
            var cursor = KeyCursor(bytes)
            var isFirst = true
            while let key = cursor.next() {
                let word = self.words.find(key, cursor.word)
                scratch.next.removeAll(keepingCapacity: true)
                let lastingCount = scratch.lasting.count
                scratch.visits += scratch.current.count + lastingCount
                let hidesStar = isFirst && isSystem
                for node in scratch.current {
                    self.advance(from: node, by: word, hidesStar: hidesStar, in: nodes, &scratch, &tokens)
                }
                for index in 0..<lastingCount {
                    self.advance(
                        from: scratch.lasting[index],
                        by: word,
                        hidesStar: false,
                        in: nodes,
                        &scratch,
                        &tokens
                    )
                }
                swap(&scratch.current, &scratch.next)
                if scratch.current.isEmpty, scratch.lasting.isEmpty { return }
                isFirst = false
            }
            for node in scratch.current { self.appendTokens(of: nodes[Int(node)].tokens, to: &tokens) }
        }
    }

    @inline(__always)
    private func advance(
        from index: UInt32,
        by word: UInt32,
        hidesStar: Bool,
        in nodes: UnsafeBufferPointer<Node>,
        _ scratch: inout Scratch,
        _ tokens: inout [Token]
    ) {
        let node = nodes[Int(index)]
        if word != Self.none {
            var child = Self.none
            if node.literalWord == word {
                child = node.literalChild
            } else if node.literalCount > (node.literalWord == Self.none ? 0 : 1) {
                child = self.edges.child(of: index, by: word)
            }
            if child != Self.none { self.enter(child, in: nodes, &scratch, &tokens) }
        }
        if node.starChild != Self.none, !hidesStar { self.enter(node.starChild, in: nodes, &scratch, &tokens) }
    }

    @inline(__always)
    private func enter(
        _ index: UInt32,
        in nodes: UnsafeBufferPointer<Node>,
        _ scratch: inout Scratch,
        _ tokens: inout [Token]
    ) {
        scratch.next.append(index)
        let node = nodes[Int(index)]
        if node.hashChild != Self.none { self.enterHash(of: node, in: nodes, &scratch, &tokens) }
    }

    /// Enters the node behind a `#`, and those behind more of them, without a word.
    ///
    /// What was entered stays to the end, so its tokens count at once, and it is kept only if words lead on from it.
    private func enterHash(
        of node: Node,
        in nodes: UnsafeBufferPointer<Node>,
        _ scratch: inout Scratch,
        _ tokens: inout [Token]
    ) {
        var isBelowHash = node.literals & Node.isBelowHash != 0
        var index = node.hashChild
        while index != Self.none {
            if isBelowHash, !scratch.reached.insert(index).inserted { return }
            let child = nodes[Int(index)]
            self.appendTokens(of: child.tokens, to: &tokens)
            if child.leadsOn { scratch.lasting.append(index) }
            isBelowHash = true
            index = child.hashChild
        }
    }
}
