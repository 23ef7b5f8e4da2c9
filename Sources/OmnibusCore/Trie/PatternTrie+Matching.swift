// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

extension PatternTrie {
    /// Appends the tokens of all patterns that match a topic, each once for each of its patterns, in no order.
    ///
    /// At most one visit of each node for each word of the topic, however many `#` there are; nothing is allocated but
    /// what the tokens need, unless there are `#` in the middle of patterns and more than 32 nodes are reached at once.
    /// Returns the visits.
    @discardableResult
    public func match(_ topic: Topic, into tokens: inout [Token]) -> Int {
        let count = tokens.count
        return TopicName.withBytes(of: topic.name) { bytes in
            if let visits = self.matchPlainly(bytes, into: &tokens) { return visits }
            var capacity = Walk.usualCapacity
            while true {
                tokens.removeSubrange(count...)
                if let visits = self.match(bytes, capacity: capacity, into: &tokens) { return visits }
                capacity *= 8
            }
        }
    }

    /// Matches where no `#` with words behind it is come across and the topic is not very long; otherwise returns nil.
    ///
    /// Each node has one path, so each is visited once, in any order, and what is still to be looked up is at most one
    /// edge for each word and one more.
    private func matchPlainly(_ name: UnsafeBufferPointer<UInt8>, into tokens: inout [Token]) -> Int? {
        withUnsafeTemporaryAllocation(byteCount: PlainWalk.byteCount, alignment: 8) { memory in
            self.edges.withView { edges in
                self.longWords.withView { long in
                    guard let memory = memory.baseAddress else { return nil }
                    var walk = PlainWalk(edges: edges, long: long, seed: self.seed, memory: memory)
                    return walk.run(name, from: self.root, self.tokenLists, &tokens) ? walk.visits : nil
                }
            }
        }
    }

    /// Matches with room for so many nodes at once; nil where they are more.
    private func match(
        _ name: UnsafeBufferPointer<UInt8>,
        capacity: Int,
        into tokens: inout [Token]
    ) -> Int? {
        withUnsafeTemporaryAllocation(of: Walk.Reached.self, capacity: 4 * capacity) { memory in
            self.edges.withView { edges in
                self.longWords.withView { long in
                    guard let memory = memory.baseAddress else { return nil }
                    var walk = Walk(edges: edges, long: long, seed: self.seed, memory: memory, capacity: capacity)
                    walk.run(name, from: self.root, self.tokenLists, &tokens)
                    return walk.isTooSmall ? nil : walk.visits
                }
            }
        }
    }

    /// Appends the tokens of a node.
    @inline(__always)
    static func append(_ node: Node, of lists: [[Token]], to tokens: inout [Token]) {
        if node.token & Self.listMark == 0 {
            tokens.append(node.token)
            if node.secondToken != Self.none { tokens.append(node.secondToken) }
        } else if let list = node.list {
            self.append(lists[list], to: &tokens)
        }
    }

    @inline(never)
    private static func append(_ list: [Token], to tokens: inout [Token]) {
        tokens.append(contentsOf: list)
    }
}
