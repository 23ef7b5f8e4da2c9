// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

extension PatternTrie {
    /// Checks that the parts of the trie agree, walking over all of it; returns what does not, for tests.
    package func checkInvariants() -> [String] {
        var findings: [String] = []
        var children: [UInt32: [EdgeTable.Edge]] = [:]
        for edge in self.edges.edges { children[edge.node, default: []].append(edge) }

        var visited: Set<UInt32> = []
        var words = 0
        var pairs = 0
        var lists: Set<UInt32> = []
        var open: [(node: UInt32, isBelowHash: Bool)] = [(0, false)]
        while let (index, isBelowHash) = open.popLast() {
            guard !Self.isLeaf(index) else {
                pairs += 1
                continue
            }
            guard visited.insert(index).inserted else {
                findings.append("node \(index) has two parents")
                continue
            }
            let node = self.nodes[Int(index)]
            if node.isFree { findings.append("node \(index) is in use and free") }
            if index != 0, node.hasNothing { findings.append("node \(index) holds nothing") }
            if (node.literals & Node.isBelowHash != 0) != isBelowHash {
                findings.append("node \(index) is wrong about the # above it")
            }
            var literals = children[index] ?? []
            if node.literalChild != Self.none {
                literals.append(EdgeTable.Edge(key: node.literalKey, node: index, child: node.literalChild))
            }
            if literals.count != Int(node.literalCount) { findings.append("node \(index) miscounts its children") }
            words += literals.count
            for edge in literals { open.append((edge.child, isBelowHash)) }
            if node.starChild != Self.none { open.append((node.starChild, isBelowHash)) }
            if node.hashChild != Self.none { open.append((node.hashChild, true)) }

            var tokens: [Token] = []
            Self.append(node.tokens, of: self.tokenLists, to: &tokens)
            pairs += tokens.count
            if zip(tokens, tokens.dropFirst()).contains(where: >=) {
                findings.append("node \(index) mixes its tokens up")
            }
            if node.tokens != Self.none, node.tokens & Self.listMark != 0 { lists.insert(node.tokens) }
        }
        if visited.count != self.nodeCount { findings.append("\(self.nodeCount - visited.count) nodes are lost") }
        if pairs != self.count { findings.append("\(pairs) tokens, counted as \(self.count)") }
        if lists.count != self.tokenLists.count - self.freeLists.count { findings.append("token lists are lost") }
        if words != self.wordCount { findings.append("\(words) words, counted as \(self.wordCount)") }
        return findings
    }
}
