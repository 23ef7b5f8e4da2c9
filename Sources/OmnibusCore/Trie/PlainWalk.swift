// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// A walk over a trie as far as it has no `#` but at the ends of patterns, which is where they mostly stand.
struct PlainWalk {
    /// A word of the topic; behind the last one stands none.
    private struct Word {
        var key: WordKey
        var hash: UInt64
    }

    /// An edge that is to be looked up.
    private struct Step {
        /// The node that it begins at, and whether it is the one by `*`.
        var bits: UInt32
        /// The hash of the path to its end.
        var hash: UInt32
        /// How many words come before it.
        var depth: Int

        static let isStar: UInt32 = 1 << 31
    }

    /// The most words of a topic.
    private static let wordCapacity = 24
    /// What fits on the stack.
    static let byteCount =
        (Self.wordCapacity + 1) * (MemoryLayout<Word>.stride + MemoryLayout<Step>.stride)

    private let edges: EdgeTable.View
    private let long: LongWords.View
    private let seed: UInt64
    private let words: UnsafeMutablePointer<Word>
    private var wordCount = 0
    private let steps: UnsafeMutablePointer<Step>
    private var stepCount = 0
    private(set) var visits = 0
    /// What was read of memory that is needed later, so that it is read now.
    private var touched: UInt32 = 0

    @inline(__always)
    init(edges: EdgeTable.View, long: LongWords.View, seed: UInt64, memory: UnsafeMutableRawPointer) {
        self.edges = edges
        self.long = long
        self.seed = seed
        self.words = memory.assumingMemoryBound(to: Word.self)
        self.steps = (memory + (Self.wordCapacity + 1) * MemoryLayout<Word>.stride).assumingMemoryBound(to: Step.self)
    }

    /// Appends the tokens; false where the walk came to something that it does not handle.
    @inline(__always)
    mutating func run(
        _ name: UnsafeBufferPointer<UInt8>,
        from root: PatternTrie.Node,
        _ lists: [[PatternTrie.Token]],
        _ tokens: inout [PatternTrie.Token]
    ) -> Bool {
        guard self.cut(name) else { return false }
        let starHash = WordKey.star.hash(seed: self.seed)
        // What is the system's is matched by no wildcard in the first place.
        let isSystem = name.first == UInt8(ascii: "o") && TopicName.isSystem(name)
        if root.hasHash, !isSystem, !self.appendHash(of: 0, 0, lists, &tokens) { return false }
        self.push(0, root, 0, 0, hidesStar: isSystem, starHash)
        while self.stepCount > 0 {
            self.stepCount &-= 1
            let step = self.steps[self.stepCount]
            let word = self.words + step.depth
            let isStar = step.bits & Step.isStar != 0
            let sought = SoughtWord(key: isStar ? .star : word.pointee.key, name: name)
            guard let edge = self.edges.find(step.bits & ~Step.isStar, sought, step.hash, self.long) else { continue }
            let rest = self.wordCount &- step.depth
            let child = edge.pointee.child
            guard PatternTrie.isNode(child) else {
                let tail = edge.pointee.tail
                if tail.isNone ? rest == 1 : tail.isAll((word + 1).pointee.key, isLast: rest == 2) {
                    tokens.append(child & ~PatternTrie.listMark)
                }
                continue
            }
            let node = edge.pointee.node
            self.visits &+= 1
            if node.hasHash, !self.appendHash(of: child, step.hash, lists, &tokens) { return false }
            if rest == 1 {
                PatternTrie.append(node, of: lists, to: &tokens)
            } else {
                self.push(child, node, step.hash, step.depth &+ 1, hidesStar: false, starHash)
            }
        }
        return self.touched != PatternTrie.none
    }

    /// Cuts the name into words; false where they are none, or too many.
    @inline(__always)
    private mutating func cut(_ name: UnsafeBufferPointer<UInt8>) -> Bool {
        var cursor = KeyCursor(name)
        while !cursor.isAtEnd {
            guard self.wordCount < Self.wordCapacity else { return false }
            let key = cursor.next()
            self.words[self.wordCount] = Word(key: key, hash: key.hash(seed: self.seed))
            self.wordCount &+= 1
        }
        self.words[self.wordCount] = Word(key: .none, hash: 0)
        return self.wordCount > 0
    }

    /// Has the edges of a node looked up that the next word, or `*`, leads along.
    @inline(__always)
    private mutating func push(
        _ number: UInt32,
        _ node: PatternTrie.Node,
        _ hash: UInt32,
        _ depth: Int,
        hidesStar: Bool,
        _ starHash: UInt64
    ) {
        if node.hasLiterals {
            let hash = EdgeTable.hash(hash, self.words[depth].hash)
            self.touched |= self.edges.touch(hash)
            self.steps[self.stepCount] = Step(bits: number, hash: hash, depth: depth)
            self.stepCount &+= 1
        }
        // It comes first: meanwhile, the other one's memory is fetched, which fewer paths lead along.
        if node.hasStar, !hidesStar {
            let hash = EdgeTable.hash(hash, starHash)
            self.touched |= self.edges.touch(hash)
            self.steps[self.stepCount] = Step(bits: number | Step.isStar, hash: hash, depth: depth)
            self.stepCount &+= 1
        }
    }

    /// Appends the tokens of the node behind a `#`; false where words lead on from it.
    private func appendHash(
        of parent: UInt32,
        _ hash: UInt32,
        _ lists: [[PatternTrie.Token]],
        _ tokens: inout [PatternTrie.Token]
    ) -> Bool {
        let word = SoughtWord(key: .hashSign, name: UnsafeBufferPointer(start: nil, count: 0))
        let hash = EdgeTable.hash(hash, word.key.hash(seed: self.seed))
        guard let edge = self.edges.find(parent, word, hash, self.long) else { return true }
        guard PatternTrie.isNode(edge.pointee.child) else {
            tokens.append(edge.pointee.child & ~PatternTrie.listMark)
            return true
        }
        let node = edge.pointee.node
        PatternTrie.append(node, of: lists, to: &tokens)
        return !node.leadsOn && !node.hasHash
    }
}
