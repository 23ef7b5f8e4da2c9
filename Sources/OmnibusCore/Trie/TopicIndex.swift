// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// Numbers for topics, found faster than in a dictionary.
///
/// Topics get 0, 1, 2 and so on, in the order in which they come, so that what is kept for each of them can stand in an
/// array. The in-memory broker finds routes by it that a ``PatternTrie`` has led to before; it is public for those who
/// write a back end of their own. It is a value: its owner locks it, and bounds it by ``removeAll()``.
public struct TopicIndex: Sendable {
    private struct Slot: Sendable {
        var topic = Topic(unchecked: "")
        var hash: UInt32 = 0
        /// `vacant` where there is no topic.
        var number = Self.vacant

        static let vacant = UInt32.max
    }

    private var slots: [Slot]
    private let seed: UInt64

    /// The number of topics that have one.
    public private(set) var count = 0

    /// Creates an index without topics.
    public init() {
        self.slots = Array(repeating: Slot(), count: Self.smallest)
        // Random in each process, so that nobody can choose topics that all fall on one place of the table.
        self.seed = UInt64(truncatingIfNeeded: Hasher().finalize())
    }

    private static let smallest = 16

    /// The number of a topic; nil where it has none. Nothing is allocated.
    public func number(of topic: Topic) -> Int? {
        let hash = self.hash(of: topic)
        return self.slots.withUnsafeBufferPointer { slots in
            guard let first = slots.baseAddress else { return nil }
            let mask = slots.count &- 1
            var index = Int(hash) & mask
            while true {
                let slot = first + index
                if slot.pointee.hash == hash, slot.pointee.number != Slot.vacant,
                    slot.pointee.topic.identityBits == topic.identityBits || slot.pointee.topic == topic
                {
                    return Int(slot.pointee.number)
                }
                if slot.pointee.number == Slot.vacant { return nil }
                index = (index &+ 1) & mask
            }
        }
    }

    /// Gives a topic a number, if it has none, and returns it.
    @discardableResult
    public mutating func insert(_ topic: Topic) -> Int {
        if let number = self.number(of: topic) { return number }
        if (self.count + 1) * 2 > self.slots.count { self.grow() }
        self.place(Slot(topic: topic, hash: self.hash(of: topic), number: UInt32(self.count)))
        self.count += 1
        return self.count - 1
    }

    /// Takes all numbers back, and gives the memory back.
    public mutating func removeAll() {
        self.slots = Array(repeating: Slot(), count: Self.smallest)
        self.count = 0
    }

    private mutating func grow() {
        let old = self.slots
        self.slots = Array(repeating: Slot(), count: old.count * 2)
        for slot in old where slot.number != Slot.vacant { self.place(slot) }
    }

    private mutating func place(_ slot: Slot) {
        let mask = self.slots.count - 1
        var index = Int(slot.hash) & mask
        while self.slots[index].number != Slot.vacant { index = (index + 1) & mask }
        self.slots[index] = slot
    }

    @inline(__always)
    private func hash(of topic: Topic) -> UInt32 {
        TopicName.withBytes(of: topic.name) { bytes in
            UInt32(truncatingIfNeeded: Self.hash(UnsafeRawBufferPointer(bytes), seed: self.seed))
        }
    }

    @inline(__always)
    private static func hash(_ bytes: UnsafeRawBufferPointer, seed: UInt64) -> UInt64 {
        let count = bytes.count
        let load = { bytes.loadUnaligned(fromByteOffset: $0, as: UInt64.self) }
        var hash = seed ^ UInt64(truncatingIfNeeded: count)
        guard count >= 16 else {
            let isShort = count < 8
            let low = isShort ? bytes.reduce(0) { $0 << 8 | UInt64($1) } : load(0)
            return WordKey.mix(hash ^ low, (isShort ? 0 : load(count &- 8)) ^ 0xE703_7ED1_A0B4_28DB)
        }
        // The last sixteen bytes overlap with those before them where the length is no multiple of sixteen. They are
        // mixed by themselves, which takes no time beside the others.
        let end = WordKey.mix(seed ^ load(count &- 16), load(count &- 8) ^ 0xE703_7ED1_A0B4_28DB)
        var offset = 0
        while true {
            hash = WordKey.mix(hash ^ load(offset), load(offset &+ 8) ^ 0xA076_1D64_78BD_642F)
            offset &+= 16
            if offset > count &- 16 { return hash ^ end }
        }
    }
}
