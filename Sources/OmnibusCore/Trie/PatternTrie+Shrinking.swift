// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

extension PatternTrie {
    /// Writes nodes, long words and token lists anew without holes, where most of them are free.
    ///
    /// The cost is amortised over the removals.
    mutating func shrinkIfMostlyEmpty() {
        let hasFreeNodes = self.nodes.count > 64 && self.nodeCount * 4 < self.nodes.count
        let hasFreeLists = self.tokenLists.count > 64 && self.freeLists.count * 4 > self.tokenLists.count * 3
        guard hasFreeNodes || hasFreeLists || self.longWords.isMostlyDead else { return }

        var numbers = Array(repeating: Self.none, count: self.nodes.count)
        var nodes: [Node] = []
        nodes.reserveCapacity(self.nodeCount)
        for index in self.nodes.indices where !self.nodes[index].isFree {
            numbers[index] = UInt32(nodes.count)
            nodes.append(self.nodes[index])
        }
        var longWords = LongWords()
        var tokenLists: [[Token]] = []
        for index in nodes.indices {
            nodes[index].renumber(numbers)
            nodes[index].literalKey = longWords.keep(nodes[index].literalKey, from: self.longWords)
            let entry = nodes[index].tokens
            guard entry != Self.none, entry & Self.listMark != 0 else { continue }
            nodes[index].tokens = UInt32(tokenLists.count) | Self.listMark
            tokenLists.append(self.tokenLists[Int(entry & ~Self.listMark)])
        }
        self.edges.rewrite { edge in
            EdgeTable.Edge(
                key: longWords.keep(edge.key, from: self.longWords),
                node: numbers[Int(edge.node)],
                child: PatternTrie.isNode(edge.child) ? numbers[Int(edge.child)] : edge.child
            )
        }
        self.longWords = longWords
        self.nodes = nodes
        self.tokenLists = tokenLists
        self.freeLists = []
        self.firstFree = Self.none
        self.freeCount = 0
    }
}

extension PatternTrie.Node {
    fileprivate mutating func renumber(_ numbers: [UInt32]) {
        if PatternTrie.isNode(self.literalChild) { self.literalChild = numbers[Int(self.literalChild)] }
        if PatternTrie.isNode(self.starChild) { self.starChild = numbers[Int(self.starChild)] }
        if PatternTrie.isNode(self.hashChild) { self.hashChild = numbers[Int(self.hashChild)] }
    }
}
