// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import CloudEvents
import OmnibusCore
import Testing

@Suite("Message id generator")
struct MessageIDGeneratorTests {
    static let now: Int64 = 1_764_000_000_000

    @Test("makes UUIDs of version 7")
    func makesVersion7() {
        var generator = MessageIDGenerator(seed: 1)

        for _ in 0..<1_000 {
            let id = generator.next(milliseconds: Self.now)
            let characters = Array(id.description)
            #expect(characters[14] == "7" && "89ab".contains(characters[19]), "\(id)")
            #expect(id.createdAt == Timestamp(nanosecondsSinceEpoch: Self.now * 1_000_000))
        }
    }

    @Test("makes every id greater than the one before, within a millisecond and across")
    func isStrictlyIncreasing() {
        var generator = MessageIDGenerator(seed: 2)
        var last = MessageID.unassigned

        for step in 0..<100_000 {
            let id = generator.next(milliseconds: Self.now + Int64(step / 1_000))
            #expect(last < id, "step \(step)")
            last = id
        }
    }

    @Test("keeps the order when the clock goes back")
    func survivesClockGoingBack() {
        var generator = MessageIDGenerator(seed: 3)
        let times = [Self.now, Self.now - 1, Self.now - 3_600_000, 0, -1, .min, Self.now + 1]

        let ids = times.map { generator.next(milliseconds: $0) }

        #expect(zip(ids, ids.dropFirst()).allSatisfy(<))
        #expect(ids.last?.createdAt == Timestamp(nanosecondsSinceEpoch: (Self.now + 1) * 1_000_000))
    }

    @Test("runs ahead of the clock when the counter is used up")
    func survivesOverflow() {
        var generator = MessageIDGenerator(seed: 4)
        let first = generator.next(milliseconds: Self.now)
        generator.counter = 0x3FF_FFFE

        let last = generator.next(milliseconds: Self.now)
        let overflown = generator.next(milliseconds: Self.now)

        #expect(first < last && last < overflown)
        #expect(last.createdAt == Timestamp(nanosecondsSinceEpoch: Self.now * 1_000_000))
        #expect(overflown.createdAt == Timestamp(nanosecondsSinceEpoch: (Self.now + 1) * 1_000_000))
    }

    @Test("makes no id twice, with many generators in one millisecond")
    func makesNoneTwice() {
        var ids: Set<MessageID> = []

        for seed in 0..<200 as Range<UInt64> {
            var generator = MessageIDGenerator(seed: seed)
            for _ in 0..<100 { ids.insert(generator.next(milliseconds: Self.now)) }
        }

        #expect(ids.count == 20_000)
    }

    @Test("makes the same ids from the same seed")
    func isRepeatable() {
        var left = MessageIDGenerator(seed: 5)
        var right = MessageIDGenerator(seed: 5)

        for _ in 0..<10 {
            #expect(left.next(milliseconds: Self.now) == right.next(milliseconds: Self.now))
        }
    }
}
