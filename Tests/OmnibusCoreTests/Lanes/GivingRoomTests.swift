// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import OmnibusCore

@Suite("Giving out the room of a queue")
struct GivingRoomTests {
    /// An empty queue in which publishers wait with one message each.
    private func machine(_ messages: [Message], of bounds: QueueBounds) async -> LaneMachine {
        var machine = LaneMachine(SharedSettings(SubscriptionSettings(bounds: bounds)), layout: MessageLayout())
        _ = await withUnsafeContinuation { (continuation: UnsafeContinuation<Bool, Never>) in
            for (number, message) in messages.enumerated() {
                machine.suspend(
                    LaneMachine.Sleeper(
                        id: UInt64(number),
                        member: nil,
                        size: message.payload.estimatedSize,
                        isUrgent: message.priority == .critical,
                        waiting: LaneMachine.WaitingEntry(HeldEntry(message: message)),
                        waker: .task(continuation)
                    ),
                    for: nil
                )
            }
            continuation.resume(returning: true)
        }
        return machine
    }

    private func messages(_ sizes: [Int]) -> [Message] {
        sizes.map { Message(topic: "room", payload: Payload(bytes: Array(repeating: 0, count: $0))) }
    }

    /// The publishers, by number, for whom there is room, of those who wait with so many bytes each.
    private func letGo(_ sizes: [Int], of bounds: QueueBounds) async -> [UInt64] {
        var machine = await self.machine(self.messages(sizes), of: bounds)
        return machine.giveRoom().sleepers.map(\.id)
    }

    @Test("gives much room to all who wait, in their order, so that nobody waits behind them again")
    func givesToAll() async {
        #expect(await self.letGo([1, 1, 1, 1, 1], of: QueueBounds(count: 64)) == [0, 1, 2, 3, 4])
    }

    @Test("gives no more than there is, in messages and in bytes")
    func givesNoMore() async {
        #expect(await self.letGo(Array(repeating: 1, count: 20), of: QueueBounds(count: 16)) == Array(0..<16))
        let size = self.messages([40])[0].payload.estimatedSize
        #expect(await self.letGo([40, 40, 40], of: QueueBounds(count: 64, bytes: size * 5 / 2)) == [0, 1])
        #expect(await self.letGo([400, 1], of: QueueBounds(count: 64, bytes: size)) == [0])
    }

    @Test("stores what the publishers wait with, in their order and counted, whenever they come to learn of it")
    func stores() async {
        let messages = self.messages([1, 2, 3])
        for count in [2, 64] {
            var machine = await self.machine(messages, of: QueueBounds(count: count))
            let given = machine.giveRoom()
            #expect(given.sleepers.count == min(count, 3) && !given.isUrgent)
            #expect(machine.metrics.offered == min(count, 3))
            #expect(machine.suspended.count == 3 - min(count, 3))
            let buffer = EntryBuffer(layout: machine.layout)
            machine.own.ready.move(upTo: 3, to: buffer)
            var stored: [MessageID] = []
            while !buffer.isEmpty {
                stored.append(buffer.takeFirst(MessageDefaults(topic: "room") { _ in nil }).message.id)
            }
            #expect(stored == messages.prefix(count).map(\.id))
        }
    }

    @Test("is thought of again and again, ever later, while somebody waits")
    func patience() async {
        var machine = await self.machine(self.messages([1, 1]), of: QueueBounds(count: 64))
        var times: [Duration] = []
        var now = Duration.milliseconds(4)
        for _ in 0..<8 {
            now = machine.losePatience(now: now) ?? .zero
            times.append(now)
        }
        #expect(times == [5, 10, 20, 40, 80, 160, 240, 320].map { .milliseconds($0) })
        #expect(machine.isImpatient)
        _ = machine.giveRoom()
        #expect(machine.losePatience(now: now) == nil && !machine.isImpatient)
    }

    @Test("tells workers of a message that goes before what they have taken ahead")
    func isUrgent() async {
        var urgent = Message(topic: "room", payload: Payload(bytes: [1]))
        urgent.priority = .critical
        var machine = await self.machine(self.messages([1]) + [urgent], of: QueueBounds(count: 64))
        let given = machine.giveRoom()
        #expect(given.sleepers.map(\.id) == [1, 0] && given.isUrgent)
        #expect(machine.others?.control.count == 1 && machine.own.count == 1)
    }
}
