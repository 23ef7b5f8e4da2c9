// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import CloudEvents

/// Writes the fields of the binary form one after the other.
struct BinaryWriter {
    private(set) var bytes: [UInt8] = []

    mutating func reserve(_ count: Int) {
        self.bytes.reserveCapacity(count)
    }

    /// Writes a field; the content is written first to know its length.
    mutating func field(_ tag: BinaryForm.Tag, _ write: (inout BinaryWriter) -> Void) {
        var content = BinaryWriter()
        write(&content)
        self.field(tag, content.bytes)
    }

    /// Writes a field whose content is there already.
    mutating func field(_ tag: BinaryForm.Tag, _ content: some Collection<UInt8>) {
        self.byte(tag.rawValue)
        self.lengthAndBytes(content)
    }

    mutating func field(_ tag: BinaryForm.Tag, _ text: String?) {
        if let text { self.field(tag, text.utf8) }
    }

    mutating func field(_ tag: BinaryForm.Tag, _ id: MessageID?) {
        guard let id else { return }
        switch id.storage {
        case .unassigned:
            break
        case .bits(let high, let low):
            self.field(tag) { writer in
                writer.byte(BinaryForm.Kind.bytes)
                writer.number(high)
                writer.number(low)
            }
        case .text(let text):
            self.field(tag) { writer in
                writer.byte(BinaryForm.Kind.text)
                writer.append(text.utf8)
            }
        }
    }

    mutating func field(_ tag: BinaryForm.Tag, _ time: Timestamp?) {
        if let time { self.field(tag) { $0.time(time) } }
    }

    mutating func time(_ time: Timestamp) {
        self.number(time.secondsSinceEpoch)
        self.number(UInt32(truncatingIfNeeded: time.nanoseconds))
    }

    mutating func lengthAndBytes(_ bytes: some Collection<UInt8>) {
        self.varint(bytes.count)
        self.append(bytes)
    }

    mutating func append(_ bytes: some Collection<UInt8>) {
        self.bytes.append(contentsOf: bytes)
    }

    mutating func byte(_ byte: UInt8) {
        self.bytes.append(byte)
    }

    mutating func number<Number: FixedWidthInteger>(_ number: Number) {
        for shift in stride(from: Number.bitWidth - 8, through: 0, by: -8) {
            self.bytes.append(UInt8(truncatingIfNeeded: number >> Number(shift)))
        }
    }

    mutating func varint(_ number: Int) {
        var rest = UInt64(number)
        while rest > 0x7F {
            self.bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        self.bytes.append(UInt8(truncatingIfNeeded: rest))
    }
}
