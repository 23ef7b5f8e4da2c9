// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import OmnibusCore

/// Two buffers, and what should be in them: entries of the queue's own type with keys and without, and boxed ones,
/// come, grow, move between the two and go in every way, by the hundred.
@Suite("The columns of a queue")
struct EntryBufferModelTests {
    private struct Item: Sendable {
        var number: Int
        /// Memory of its own, so that ending it twice, or never, is seen by the address sanitizer.
        var text: [Int]
    }

    /// A column of items whose messages say what their values were.
    private final class ItemLayout: ValueLayout<Item>, @unchecked Sendable {
        override func takeMessage(
            _ value: UnsafeMutableRawPointer,
            _ header: borrowing EntryHeader,
            key: String?,
            _ route: MessageDefaults
        ) -> Message {
            let item = value.assumingMemoryBound(to: Item.self).move()
            return Message(topic: route.topic, key: key, bytes: item.text.map { UInt8(truncatingIfNeeded: $0) })
        }
    }

    /// What should be known of an entry.
    private struct Expected: Equatable {
        var bytes: [UInt8]
        var key: String?
        var isBoxed: Bool
    }

    private struct Pair {
        let buffer: EntryBuffer
        var expected: [Expected] = []

        init(_ layout: PayloadLayout) { self.buffer = EntryBuffer(layout: layout) }
    }

    private let layout = ItemLayout(priority: .normal)
    private let defaults = MessageDefaults(topic: "items") { _ in nil }

    private func add(_ number: Int, to pair: inout Pair, using random: inout SplitMix64) {
        let key = Bool.random(using: &random) ? "the key of number \(number), which is a long one" : nil
        let text = [number, number + 1]
        let bytes = text.map { UInt8(truncatingIfNeeded: $0) }
        guard Int.random(in: 0..<5, using: &random) > 0 else {
            let message = Message(topic: "items", key: key, bytes: bytes)
            pair.buffer.append(boxed: EntryHeader(boxed: HeldEntry(message: message)))
            pair.expected.append(Expected(bytes: bytes, key: key, isBoxed: true))
            return
        }
        var item = Item(number: number, text: text)
        withUnsafeMutablePointer(to: &item) { place in
            let event = OfferedEvent(at: place, of: ObjectIdentifier(Item.self), size: 7, priority: .normal)
            #expect(pair.buffer.append(copying: event, key: key))
        }
        pair.expected.append(Expected(bytes: bytes, key: key, isBoxed: false))
    }

    /// Takes the first entry away as a worker does that handles events, or as one that handles messages.
    private func take(from pair: inout Pair, _ key: inout String?, _ header: inout EntryHeader, asValue: Bool) {
        let expected = pair.expected.removeFirst()
        #expect(pair.buffer.firstKey == expected.key)
        guard asValue, !expected.isBoxed else {
            let entry = pair.buffer.takeFirst(self.defaults)
            #expect(entry.message.routingKey == expected.key)
            #expect(entry.message.payload.storageBytes == expected.bytes)
            return
        }
        let item = pair.buffer.moveFirst(&header, &key).assumingMemoryBound(to: Item.self).move()
        #expect(item.text.map { UInt8(truncatingIfNeeded: $0) } == expected.bytes)
        #expect(key == expected.key)
    }

    @Test("hold what they should, whatever comes and goes", arguments: 0..<20)
    func model(seed: Int) {
        var random = SplitMix64(seed: UInt64(seed))
        var pairs = [Pair(self.layout), Pair(self.layout)]
        var key: String?
        var header = EntryHeader(idHigh: 0, idLow: 0, origin: 0, size: 0)
        for number in 0..<600 {
            let one = Int.random(in: 0...1, using: &random)
            switch Int.random(in: 0..<12, using: &random) {
            case 0..<6:
                self.add(number, to: &pairs[one], using: &random)
            case 6, 7:
                guard !pairs[one].expected.isEmpty else { continue }
                let asValue = Bool.random(using: &random)
                self.take(from: &pairs[one], &key, &header, asValue: asValue)
            case 8:
                guard !pairs[one].expected.isEmpty else { continue }
                pairs[one].buffer.dropFirst()
                pairs[one].expected.removeFirst()
            case 9:
                let count = min(Int.random(in: 0..<40, using: &random), pairs[one].expected.count)
                pairs[one].buffer.move(upTo: count, to: pairs[1 - one].buffer)
                pairs[1 - one].expected += pairs[one].expected.prefix(count)
                pairs[one].expected.removeFirst(count)
            case 10:
                pairs[one].buffer.move(to: pairs[1 - one].buffer) { $0.isBoxed }
                pairs[1 - one].expected += pairs[one].expected.filter(\.isBoxed)
                pairs[one].expected.removeAll(where: \.isBoxed)
            default:
                pairs[one].buffer.freeMemory()
            }
            for pair in pairs {
                #expect(pair.buffer.count == pair.expected.count)
                #expect((0..<pair.buffer.count).map { pair.buffer.key(at: $0) } == pair.expected.map(\.key))
            }
        }
        for one in pairs.indices {
            while !pairs[one].expected.isEmpty { self.take(from: &pairs[one], &key, &header, asValue: true) }
        }
    }
}

extension Payload {
    /// The bytes, where the payload is bytes.
    fileprivate var storageBytes: [UInt8]? {
        if case .bytes(let bytes) = self.storage { Array(bytes) } else { nil }
    }
}
