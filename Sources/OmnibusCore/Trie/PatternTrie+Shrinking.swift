// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

extension PatternTrie {
    /// Writes nodes' numbers, long words and token lists anew without holes, where most of them are free.
    ///
    /// The cost is amortised over the removals.
    mutating func shrinkIfMostlyEmpty() {
        let hasFreeNodes = self.freeNodes.count > 64 && self.nodeCount * 3 < self.freeNodes.count
        let hasFreeLists = self.tokenLists.count > 64 && self.freeLists.count * 4 > self.tokenLists.count * 3
        guard hasFreeNodes || hasFreeLists || self.longWords.isMostlyDead else { return }

        var numbers = Array(repeating: Self.none, count: Int(self.lastNode) + 1)
        numbers[0] = 0
        var lastNode: UInt32 = 0
        for edge in self.edges.edges where Self.isNode(edge.child) {
            lastNode += 1
            numbers[Int(edge.child)] = lastNode
        }
        let (oldWords, oldLists) = (self.longWords, self.tokenLists)
        var longWords = LongWords()
        var tokenLists: [[Token]] = []
        self.edges.renumber(numbers, count: Int(lastNode) + 1) { edge in
            edge.parent = numbers[Int(edge.parent)]
            edge.key = longWords.keep(edge.key, from: oldWords)
            guard Self.isNode(edge.child) else { return }
            edge.child = numbers[Int(edge.child)]
            edge.node = edge.node.moved(from: oldLists, to: &tokenLists)
        }
        self.root = self.root.moved(from: oldLists, to: &tokenLists)
        self.longWords = longWords
        self.tokenLists = tokenLists
        self.freeLists = []
        self.freeNodes = []
        self.lastNode = lastNode
    }
}

extension PatternTrie.Node {
    /// The same, its list of tokens, if it has one, being at the end of other lists.
    fileprivate func moved(
        from oldLists: [[PatternTrie.Token]],
        to lists: inout [[PatternTrie.Token]]
    ) -> PatternTrie.Node {
        guard let list = self.list else { return self }
        var moved = self
        lists.append(oldLists[list])
        moved.setList(lists.count - 1)
        return moved
    }
}
