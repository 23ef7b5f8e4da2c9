// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// One walk over a trie, along the words of a topic: the nodes that are reached, word by word.
struct Walk {
    /// A node that words may lead on from.
    struct Reached {
        /// The node's number, and two of its flags in bits that no number has.
        private var bits: UInt32
        /// The hash of the path to it.
        var hash: UInt32

        private static let hasStar: UInt32 = 1 << 31
        private static let hasLiterals: UInt32 = 1 << 30

        @inline(__always)
        init(_ number: UInt32, _ node: PatternTrie.Node, hash: UInt32) {
            self.bits = number | (node.hasStar ? Self.hasStar : 0) | (node.hasLiterals ? Self.hasLiterals : 0)
            self.hash = hash
        }

        var number: UInt32 { self.bits & ~(Self.hasStar | Self.hasLiterals) }
        var leadsOn: Bool { self.bits & (Self.hasStar | Self.hasLiterals) != 0 }
        var hasStar: Bool {
            get { self.bits & Self.hasStar != 0 }
            set { self.bits = newValue ? self.bits | Self.hasStar : self.bits & ~Self.hasStar }
        }
        var hasLiterals: Bool {
            get { self.bits & Self.hasLiterals != 0 }
            set { self.bits = newValue ? self.bits | Self.hasLiterals : self.bits & ~Self.hasLiterals }
        }
    }

    /// How many nodes may be reached at once without an allocation: the stack takes 1,024 bytes.
    static let usualCapacity = 32

    private let edges: EdgeTable.View
    private let long: LongWords.View
    private let seed: UInt64
    private let capacity: Int

    /// The nodes that the words read so far lead to.
    private var current: UnsafeMutablePointer<Reached>
    private var currentCount = 0
    private var next: UnsafeMutablePointer<Reached>
    private var nextCount = 0
    /// The nodes behind a `#`, which stay, whatever words follow.
    private let lasting: UnsafeMutablePointer<Reached>
    private var lastingCount = 0
    /// A hash table of the nodes below a `#` whose own `#` was entered: it can be reached more than once.
    private let entered: UnsafeMutablePointer<UInt32>
    private var enteredCount = -1
    private(set) var isTooSmall = false
    private(set) var visits = 0

    @inline(__always)
    init(
        edges: EdgeTable.View,
        long: LongWords.View,
        seed: UInt64,
        memory: UnsafeMutablePointer<Reached>,
        capacity: Int
    ) {
        self.edges = edges
        self.long = long
        self.seed = seed
        self.capacity = capacity
        self.current = memory
        self.next = memory + capacity
        self.lasting = memory + 2 * capacity
        self.entered = UnsafeMutableRawPointer(memory + 3 * capacity).assumingMemoryBound(to: UInt32.self)
    }

    @inline(__always)
    mutating func run(
        _ bytes: UnsafeBufferPointer<UInt8>,
        from root: PatternTrie.Node,
        _ lists: [[PatternTrie.Token]],
        _ tokens: inout [PatternTrie.Token]
    ) {
        let starHash = WordKey.star.hash(seed: self.seed)
        let isSystem = TopicName.isSystem(bytes)
        self.current[0] = Reached(0, root, hash: 0)
        // What is the system's is matched by no wildcard in the first place.
        if isSystem { self.current[0].hasStar = false }
        self.currentCount = 1
        if root.hasHash, !isSystem { self.enterHash(of: 0, 0, root, lists, &tokens) }
        var cursor = KeyCursor(bytes)
        if cursor.isAtEnd { return PatternTrie.append(root, of: lists, to: &tokens) }
        var word = cursor.next()
        var hash = word.hash(seed: self.seed)
        while true {
            let isLast = cursor.isAtEnd
            let nextWord = cursor.next()
            // Whether the next word is the last one.
            let endsNext = cursor.isAtEnd && !isLast
            self.addLasting()
            self.visits &+= self.currentCount
            self.nextCount = 0
            var index = 0
            while index < self.currentCount {
                var node = self.current[index]
                index &+= 1
                while node.leadsOn {
                    let isStar = node.hasStar
                    let path = EdgeTable.hash(node.hash, isStar ? starHash : hash)
                    let sought = SoughtWord(key: isStar ? .star : word, name: bytes)
                    if isStar { node.hasStar = false } else { node.hasLiterals = false }
                    guard let edge = self.edges.find(node.number, sought, path, self.long) else { continue }
                    let child = edge.pointee.child
                    guard PatternTrie.isNode(child) else {
                        let tail = edge.pointee.tail
                        if tail.isNone ? isLast : tail.isAll(nextWord, isLast: endsNext) {
                            tokens.append(child & ~PatternTrie.listMark)
                        }
                        continue
                    }
                    let content = edge.pointee.node
                    if content.hasHash { self.enterHash(of: child, path, content, lists, &tokens) }
                    if isLast {
                        PatternTrie.append(content, of: lists, to: &tokens)
                    } else if content.leadsOn {
                        guard self.nextCount < self.capacity else {
                            self.isTooSmall = true
                            return
                        }
                        self.next[self.nextCount] = Reached(child, content, hash: path)
                        self.nextCount &+= 1
                    }
                }
            }
            if isLast || self.nextCount &+ self.lastingCount == 0 || self.isTooSmall { return }
            swap(&self.current, &self.next)
            self.currentCount = self.nextCount
            word = nextWord
            hash = word.hash(seed: self.seed)
        }
    }

    /// Has the words read on from the nodes behind a `#`, too.
    @inline(__always)
    private mutating func addLasting() {
        guard self.lastingCount > 0 else { return }
        guard self.currentCount &+ self.lastingCount <= self.capacity else {
            self.isTooSmall = true
            return
        }
        (self.current + self.currentCount).update(from: self.lasting, count: self.lastingCount)
        self.currentCount &+= self.lastingCount
    }

    /// Enters the node behind a `#`, and those behind more of them, without a word.
    ///
    /// What was entered stays to the end, so its tokens count at once, and it is kept only if words lead on from it.
    private mutating func enterHash(
        of parent: UInt32,
        _ hash: UInt32,
        _ node: PatternTrie.Node,
        _ lists: [[PatternTrie.Token]],
        _ tokens: inout [PatternTrie.Token]
    ) {
        var (parent, hash, node) = (parent, hash, node)
        let word = SoughtWord(key: .hashSign, name: UnsafeBufferPointer(start: nil, count: 0))
        while node.hasHash {
            if node.isBelowHash, !self.isFirstTime(behind: parent) { return }
            hash = EdgeTable.hash(hash, word.key.hash(seed: self.seed))
            guard let edge = self.edges.find(parent, word, hash, self.long) else { return }
            guard PatternTrie.isNode(edge.pointee.child) else {
                return tokens.append(edge.pointee.child & ~PatternTrie.listMark)
            }
            parent = edge.pointee.child
            node = edge.pointee.node
            PatternTrie.append(node, of: lists, to: &tokens)
            guard node.leadsOn else { continue }
            guard self.lastingCount < self.capacity else {
                self.isTooSmall = true
                return
            }
            self.lasting[self.lastingCount] = Reached(parent, node, hash: hash)
            self.lastingCount &+= 1
        }
    }

    /// Notes that the `#` behind a node was entered; false where it had been before.
    private mutating func isFirstTime(behind node: UInt32) -> Bool {
        if self.enteredCount < 0 {
            self.entered.initialize(repeating: PatternTrie.none, count: self.capacity)
            self.enteredCount = 0
        }
        let mask = self.capacity - 1
        var place = Int(truncatingIfNeeded: (UInt64(node) &* 0x9E37_79B9_7F4A_7C15) >> 32) & mask
        while self.entered[place] != PatternTrie.none {
            if self.entered[place] == node { return false }
            place = (place + 1) & mask
        }
        guard self.enteredCount * 4 < self.capacity * 3 else {
            self.isTooSmall = true
            return false
        }
        self.entered[place] = node
        self.enteredCount += 1
        return true
    }
}
