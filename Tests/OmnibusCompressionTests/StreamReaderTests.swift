// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import Testing

@testable import OmnibusCompression

@Suite("A reader of compressed streams")
struct StreamReaderTests {
    private func error(_ read: () throws(OmnibusError) -> [UInt8]) -> OmnibusError? {
        do throws(OmnibusError) {
            _ = try read()
            return nil
        } catch {
            return error
        }
    }

    @Test("asks for no more once the limit is passed, however much would come", arguments: [0, 1, 100_000, 1 << 20])
    func stops(limit: Int) {
        var produced = 0
        let reader = StreamReader(compression: .gzip, isConcatenable: false, limit: limit)
        // A stream that never ends, from a few bytes.
        let error = self.error { () throws(OmnibusError) in
            try reader.read([1, 2, 3]) { _, room throws(OmnibusError) in
                room.initializeMemory(as: UInt8.self, repeating: 7)
                produced += room.count
                return StreamStep(consumed: 0, produced: room.count, isAtEnd: false)
            }
        }
        #expect(error?.code == .tooLarge)
        #expect(produced <= limit + (64 << 10))
    }

    @Test("ends where a library neither takes nor gives anything")
    func stuck() {
        var steps = 0
        let reader = StreamReader(compression: .gzip, isConcatenable: false, limit: 10)
        let error = self.error { () throws(OmnibusError) in
            try reader.read([1, 2, 3]) { _, _ throws(OmnibusError) in
                steps += 1
                return StreamStep(consumed: steps == 1 ? 1 : 0, produced: 0, isAtEnd: false)
            }
        }
        #expect(error?.code == .undecodable)
        #expect(steps == 2)
    }
}
