// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

extension PatternTrie {
    /// Checks that the parts of the trie agree, walking over all of it; returns what does not, for tests.
    package func checkInvariants() -> [String] {
        var findings: [String] = []
        var children: [UInt32: [EdgeTable.Edge]] = [:]
        for edge in self.edges.edges { children[edge.parent, default: []].append(edge) }

        var visited: Set<UInt32> = []
        var words = 0
        var edgeCount = 0
        var pairs = 0
        var lists: Set<Int> = []
        var open: [(index: UInt32, node: Node, isBelowHash: Bool)] = [(0, self.root, false)]
        while let (index, node, isBelowHash) = open.popLast() {
            guard visited.insert(index).inserted else {
                findings.append("node \(index) has two parents")
                continue
            }
            if index != 0, node.hasNothing { findings.append("node \(index) holds nothing") }
            if node.isBelowHash != isBelowHash { findings.append("node \(index) is wrong about the # above it") }
            var marks: UInt32 = 0
            for edge in children[index] ?? [] {
                edgeCount += 1
                let step = Self.step(by: edge.key)
                marks += step == .literal ? 1 : step == .star ? Node.hasStar : Node.hasHash
                words += step == .literal ? 1 : 0
                if Self.isNode(edge.child) {
                    open.append((edge.child, edge.node, isBelowHash || step == .hash))
                    continue
                }
                pairs += 1
                if edge.tail.isNone { continue }
                words += Self.step(by: edge.tail) == .literal ? 1 : 0
                if isBelowHash || step == .hash { findings.append("node \(index) has a tail below a #") }
            }
            if marks != node.children & ~Node.isBelowHash { findings.append("node \(index) miscounts its children") }

            var tokens: [Token] = []
            Self.append(node, of: self.tokenLists, to: &tokens)
            pairs += tokens.count
            if zip(tokens, tokens.dropFirst()).contains(where: >=) {
                findings.append("node \(index) mixes its tokens up")
            }
            if let list = node.list { lists.insert(list) }
        }
        if visited.count != self.nodeCount { findings.append("\(self.nodeCount - visited.count) nodes are lost") }
        if edgeCount != self.edges.count { findings.append("\(self.edges.count - edgeCount) edges are lost") }
        if pairs != self.count { findings.append("\(pairs) tokens, counted as \(self.count)") }
        if lists.count != self.tokenLists.count - self.freeLists.count { findings.append("token lists are lost") }
        if words != self.wordCount { findings.append("\(words) words, counted as \(self.wordCount)") }
        return findings
    }
}
