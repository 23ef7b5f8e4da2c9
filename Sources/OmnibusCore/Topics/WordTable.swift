// Part of Omnibus, an event bus that a Swift program links and runs inside itself.
// SPDX-License-Identifier: Apache-2.0

/// The words that a trie's patterns use, each once, with a small number and a count of its uses.
///
/// A hash table with linear probing. Short words are their own key; the bytes of longer ones stand in one array, each
/// behind its length, and are written together anew when half of them is dead.
struct WordTable: Sendable {
    struct Slot: Sendable {
        var key = WordKey(low: 0, high: 0)
        var word = WordTable.none
        /// Where the bytes of a long word begin.
        var offset: UInt32 = 0
    }

    static let none = UInt32.max

    private var slots: [Slot] = []
    private var uses: [UInt32] = []
    private var free: [UInt32] = []
    private var longBytes: [UInt8] = []
    private var deadBytes = 0
    private let seed: UInt64

    private(set) var count = 0

    /// Whether most of the numbers that were given out are not used any more.
    var isMostlyEmpty: Bool { self.uses.count > 64 && self.count * 4 < self.uses.count }

    var byteEstimate: Int {
        self.slots.capacity * MemoryLayout<Slot>.stride + (self.uses.capacity + self.free.capacity) * 4
            + self.longBytes.capacity
    }

    init(seed: UInt64) {
        self.seed = seed
    }

    /// The number of a word, or `none`.
    func find(_ key: WordKey, _ bytes: UnsafeBufferPointer<UInt8>) -> UInt32 {
        self.withView { $0.find(key, bytes) }
    }

    /// Lends the table for many searches.
    @inline(__always)
    func withView<Result>(_ body: (View) -> Result) -> Result {
        self.slots.withUnsafeBufferPointer { slots in
            self.longBytes.withUnsafeBytes { longBytes in
                body(View(slots: slots, longBytes: longBytes, seed: self.seed))
            }
        }
    }

    /// The table as it is searched, without a reference count; it ends with the call that lends it.
    struct View {
        fileprivate var slots: UnsafeBufferPointer<Slot>
        fileprivate var longBytes: UnsafeRawBufferPointer
        fileprivate var seed: UInt64

        @inline(__always)
        func find(_ key: WordKey, _ bytes: UnsafeBufferPointer<UInt8>) -> UInt32 {
            guard let slots = self.slots.baseAddress, self.slots.count > 0 else { return WordTable.none }
            let mask = self.slots.count &- 1
            var index = Int(truncatingIfNeeded: key.hash(seed: self.seed)) & mask
            while true {
                let slot = slots + index
                if slot.pointee.key == key, !key.isLong || self.isLong(at: slot.pointee.offset, bytes) {
                    return slot.pointee.word
                }
                if slot.pointee.key.high == 0 { return WordTable.none }
                index = (index &+ 1) & mask
            }
        }

        private func isLong(at offset: UInt32, _ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
            let length = Int(self.longBytes.loadUnaligned(fromByteOffset: Int(offset), as: UInt32.self))
            let start = Int(offset) + 4
            return TopicName.areEqual(
                UnsafeRawBufferPointer(rebasing: self.longBytes[start..<(start + length)]),
                UnsafeRawBufferPointer(bytes)
            )
        }
    }

    /// Counts one use more of a word, which gets a number if it has none.
    mutating func retain(_ key: WordKey, _ bytes: UnsafeBufferPointer<UInt8>) -> UInt32 {
        let found = self.find(key, bytes)
        if found != Self.none {
            self.uses[Int(found)] += 1
            return found
        }
        if (self.count + 1) * 4 > self.slots.count * 3 { self.resize(to: max(16, self.slots.count * 2)) }
        let word: UInt32
        if let reused = self.free.popLast() {
            word = reused
            self.uses[Int(word)] = 1
        } else {
            word = UInt32(self.uses.count)
            self.uses.append(1)
        }
        let offset = UInt32(self.longBytes.count)
        if key.isLong {
            withUnsafeBytes(of: UInt32(bytes.count)) { self.longBytes.append(contentsOf: $0) }
            self.longBytes.append(contentsOf: bytes)
        }
        self.place(Slot(key: key, word: word, offset: offset))
        self.count += 1
        return word
    }

    /// Counts one use less of a word, and forgets it after the last.
    mutating func release(_ key: WordKey, _ bytes: UnsafeBufferPointer<UInt8>) {
        let word = self.find(key, bytes)
        guard word != Self.none else { return }
        self.uses[Int(word)] -= 1
        guard self.uses[Int(word)] == 0 else { return }
        self.free.append(word)
        self.count -= 1
        if key.isLong { self.deadBytes += bytes.count + 4 }
        self.remove(word, key)
        if self.slots.count > 64, self.count * 8 < self.slots.count { self.resize(to: self.slots.count / 4) }
        if self.deadBytes > 1_024, self.deadBytes * 2 > self.longBytes.count { self.packLongBytes() }
    }

    /// Gives the words new numbers without holes; returns the new number of each old one.
    mutating func renumber() -> [UInt32] {
        var numbers = Array(repeating: Self.none, count: self.uses.count)
        var uses: [UInt32] = []
        uses.reserveCapacity(self.count)
        for word in self.uses.indices where self.uses[word] > 0 {
            numbers[word] = UInt32(uses.count)
            uses.append(self.uses[word])
        }
        for index in self.slots.indices where self.slots[index].key.high != 0 {
            self.slots[index].word = numbers[Int(self.slots[index].word)]
        }
        self.uses = uses
        self.free = []
        return numbers
    }

    func uses(of word: UInt32) -> UInt32 { self.uses[Int(word)] }

    private mutating func place(_ slot: Slot) {
        let mask = self.slots.count - 1
        var index = Int(truncatingIfNeeded: slot.key.hash(seed: self.seed)) & mask
        while self.slots[index].key.high != 0 { index = (index + 1) & mask }
        self.slots[index] = slot
    }

    private mutating func resize(to count: Int) {
        let old = self.slots
        self.slots = Array(repeating: Slot(), count: count)
        for slot in old where slot.key.high != 0 { self.place(slot) }
    }

    /// Takes a slot out and moves up those behind it that had to make way for it.
    private mutating func remove(_ word: UInt32, _ key: WordKey) {
        let mask = self.slots.count - 1
        var hole = Int(truncatingIfNeeded: key.hash(seed: self.seed)) & mask
        while self.slots[hole].word != word || self.slots[hole].key.high == 0 { hole = (hole + 1) & mask }
        var index = hole
        while true {
            index = (index + 1) & mask
            guard self.slots[index].key.high != 0 else { break }
            let home = Int(truncatingIfNeeded: self.slots[index].key.hash(seed: self.seed)) & mask
            guard (index &- home) & mask >= (index &- hole) & mask else { continue }
            self.slots[hole] = self.slots[index]
            hole = index
        }
        self.slots[hole] = Slot()
    }

    private mutating func packLongBytes() {
        var packed: [UInt8] = []
        packed.reserveCapacity(self.longBytes.count - self.deadBytes)
        for index in self.slots.indices where self.slots[index].key.isLong {
            let start = Int(self.slots[index].offset)
            let length = self.longBytes.withUnsafeBytes {
                Int($0.loadUnaligned(fromByteOffset: start, as: UInt32.self))
            }
            self.slots[index].offset = UInt32(packed.count)
            packed.append(contentsOf: self.longBytes[start..<(start + 4 + length)])
        }
        self.longBytes = packed
        self.deadBytes = 0
    }
}
