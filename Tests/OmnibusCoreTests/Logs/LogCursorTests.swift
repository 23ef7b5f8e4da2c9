// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import OmnibusCore

@Suite("Log cursor")
struct LogCursorTests {
    @Test("agrees with plain sets over random settlements", arguments: 1...30 as ClosedRange<UInt64>)
    func agrees(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var cursor = LogCursor()
        var unsettled: Set<Int64> = []
        var pending: [Int64: LogCursor.PendingRecord] = [:]
        var next: Int64 = 0

        for step in 0..<2_000 {
            let place: Comment = "seed \(seed), step \(step)"
            // Some are never settled, so that the list has holes.
            let known = (Array(unsettled) + Array(pending.keys)).filter { $0 % 97 != 0 }.sorted()
            switch Int.random(in: 0..<100, using: &random) {
            case 0..<45:
                next += Int64.random(in: 1...3, using: &random)
                cursor.read(next)
                unsettled.insert(next)
            case 45..<85:
                let sequence = known.randomElement(using: &random) ?? 3
                cursor.settle(sequence)
                if pending.removeValue(forKey: sequence) == nil { unsettled.remove(sequence) }
            case 85..<98:
                guard let sequence = known.randomElement(using: &random) else { continue }
                let record = LogCursor.PendingRecord(
                    sequence: sequence,
                    attempts: step,
                    due: .seconds(Int.random(in: 0...5, using: &random))
                )
                cursor.postpone(record)
                unsettled.remove(sequence)
                pending[sequence] = record
            case 98:
                // Nothing that is unknown, or was settled before, changes anything.
                cursor.settle(next + 1)
                cursor.settle(-1)
            default:
                guard Int.random(in: 0..<20, using: &random) == 0 else { continue }
                cursor.reset()
                unsettled = []
            }
            #expect(cursor.unsettled == unsettled.sorted(), place)
            #expect(cursor.unsettledCount == unsettled.count, place)
            #expect(cursor.firstUnsettled == unsettled.min(), place)
            #expect(cursor.pendingCount == pending.count, place)
            let ordered = pending.values.sorted { ($0.due, $0.sequence) < ($1.due, $1.sequence) }
            #expect(cursor.pending == ordered, place)
        }
    }

    @Test("does not list what was settled, though the first message never is")
    func staysShort() {
        var cursor = LogCursor()
        for sequence in 0..<10_000 as Range<Int64> { cursor.read(sequence) }
        for sequence in 1..<10_000 as Range<Int64> { cursor.settle(sequence) }

        #expect(cursor.unsettled == [0])
        #expect(cursor.listedCount <= 130)
    }
}
