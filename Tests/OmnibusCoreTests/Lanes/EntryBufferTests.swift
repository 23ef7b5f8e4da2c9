// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import OmnibusCore

@Suite("The memory of a queue")
struct EntryBufferTests {
    private func buffer(of count: Int) -> EntryBuffer {
        let buffer = EntryBuffer(layout: MessageLayout())
        for number in 0..<count {
            var message = Message(topic: "burst", payload: .empty)
            message.id = MessageID(high: 0, low: UInt64(number))
            buffer.append(boxed: EntryHeader(boxed: HeldEntry(message: message)))
        }
        return buffer
    }

    private func takeAll(of buffer: EntryBuffer) -> [MessageID] {
        let defaults = MessageDefaults(topic: "burst") { _ in nil }
        return (0..<buffer.count).map { _ in buffer.takeFirst(defaults).message.id }
    }

    @Test("is given back when a burst is over, and comes again with the next one")
    func afterBurst() {
        let buffer = self.buffer(of: 4_096)
        #expect(buffer.memory > EntryBuffer.keptMemory)
        #expect(self.takeAll(of: buffer).count == 4_096)
        buffer.trim()
        #expect(buffer.memory == 0)

        buffer.append(boxed: EntryHeader(boxed: HeldEntry(message: Message(topic: "burst", payload: .empty))))
        #expect(buffer.count == 1)
        #expect(buffer.memory > 0)
        #expect(self.takeAll(of: buffer).count == 1)
    }

    @Test("stays where there is little of it, so that the next message needs none")
    func little() {
        let buffer = self.buffer(of: 8)
        let memory = buffer.memory
        #expect(self.takeAll(of: buffer).count == 8)
        buffer.trim()
        #expect(buffer.memory == memory)
        #expect(memory > 0)
    }

    @Test("stays where something is in it")
    func notEmpty() {
        let buffer = self.buffer(of: 4_096)
        let memory = buffer.memory
        buffer.trim()
        #expect(buffer.memory == memory)
        #expect(self.takeAll(of: buffer) == (0..<4_096).map { MessageID(high: 0, low: UInt64($0)) })
    }
}
