// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import OmnibusCore

@Suite("Giving out the room of a queue")
struct GivingRoomTests {
    /// The publishers, by number, that an empty queue lets go on of those who wait with a message of so many bytes each.
    private func letGo(_ sizes: [Int], of bounds: QueueBounds) async -> [UInt64] {
        var machine = LaneMachine(settings: SubscriptionSettings(bounds: bounds), layout: MessageLayout())
        _ = await withUnsafeContinuation { (continuation: UnsafeContinuation<Bool, Never>) in
            for (number, size) in sizes.enumerated() {
                machine.suspended.append(
                    LaneMachine.Sleeper(id: UInt64(number), member: nil, size: size, waker: .task(continuation))
                )
            }
            continuation.resume(returning: true)
        }
        return machine.publishersToResume().map(\.id)
    }

    @Test("promises much room to all who wait, in their order, so that nobody waits behind them again")
    func givesToAll() async {
        #expect(await self.letGo([1, 1, 1, 1, 1], of: QueueBounds(count: 64)) == [0, 1, 2, 3, 4])
    }

    @Test("promises no more than there is, in messages and in bytes")
    func givesNoMore() async {
        #expect(await self.letGo(Array(repeating: 1, count: 20), of: QueueBounds(count: 16)) == Array(0..<16))
        #expect(await self.letGo([40, 40, 40], of: QueueBounds(count: 64, bytes: 100)) == [0, 1])
        #expect(await self.letGo([400, 1], of: QueueBounds(count: 64, bytes: 100)) == [0])
    }

    @Test("gives the room of a small queue to one after the other")
    func givesToOne() async {
        #expect(await self.letGo([1, 1, 1], of: QueueBounds(count: 15)) == [0])
    }
}
