// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

public import CloudEvents

/// The identity of a message: 128 bits made here, or whatever text came from elsewhere, without loss.
///
/// Text that is a UUID in its canonical form (lower case, with hyphens) is held as its 128 bits; any other text is
/// kept as it is. So equal ids have equal text, byte for byte, and the other way round. Ids are ordered as the bytes of
/// their texts are, which for ids made here is the order in which they were made.
///
/// The empty text is no id: a message that has it is given one when it is accepted.
public struct MessageID: Sendable {
    /// How an id is held.
    @usableFromInline
    package enum Storage: Sendable {
        /// Not given yet.
        case unassigned
        /// A UUID: its first and its last eight bytes, as big-endian numbers.
        case bits(high: UInt64, low: UInt64)
        /// Text that is no canonical UUID.
        case text(String)
    }

    @usableFromInline package let storage: Storage

    /// The id of a message that has none yet.
    package static let unassigned = MessageID(storage: .unassigned)

    package init(storage: Storage) {
        self.storage = storage
    }

    /// Creates an id from its first and its last eight bytes.
    @inlinable
    package init(high: UInt64, low: UInt64) {
        self.storage = .bits(high: high, low: low)
    }

    /// Creates an id from text of any kind.
    ///
    /// The text of the new id is the text given. No text is refused here; a message whose id holds control characters
    /// is refused when it is published.
    public init(_ text: String) {
        if text.isEmpty {
            self.storage = .unassigned
        } else if let (high, low) = UUIDText.parse(text.utf8) {
            self.storage = .bits(high: high, low: low)
        } else {
            self.storage = .text(text)
        }
    }

    /// A version 4 UUID (RFC 9562) that follows from a number.
    package static func random(from seed: UInt64) -> MessageID {
        let (high, low) = Mix128.hash { $0.absorb(String(seed, radix: 16).utf8) }
        return MessageID(high: high & ~0xF000 | 0x4000, low: low & ~(0b11 << 62) | 0b10 << 62)
    }

    /// Whether this is an id at all: a message without one is given one when it is accepted.
    package var isAssigned: Bool {
        if case .unassigned = self.storage { return false }
        return true
    }

    /// The id as 128 bits: its own, or a mix of its text.
    package var bits: (high: UInt64, low: UInt64) {
        switch self.storage {
        case .unassigned: (0, 0)
        case .bits(let high, let low): (high, low)
        case .text(let text): Mix128.hash { $0.absorb(text.utf8) }
        }
    }

    /// The time at which the id was made, in whole milliseconds, if it is a version 7 UUID (RFC 9562).
    public var createdAt: Timestamp? {
        guard case .bits(let high, let low) = self.storage, (high >> 12) & 0xF == 7, low >> 62 == 0b10 else {
            return nil
        }
        return Timestamp(
            secondsSinceEpoch: Int64(high >> 16) / 1_000,
            nanoseconds: Int(high >> 16) % 1_000 * 1_000_000
        )
    }
}

extension MessageID: CustomStringConvertible {
    /// The text of the id; empty while none is given.
    public var description: String {
        switch self.storage {
        case .unassigned: ""
        case .bits(let high, let low): UUIDText.format(high: high, low: low)
        case .text(let text): text
        }
    }
}

extension MessageID: ExpressibleByStringLiteral {
    /// Creates an id from text of any kind.
    public init(stringLiteral text: String) {
        self.init(text)
    }
}

extension MessageID: Hashable {
    /// Compares by text, byte for byte.
    public static func == (left: MessageID, right: MessageID) -> Bool {
        switch (left.storage, right.storage) {
        case (.bits(let leftHigh, let leftLow), .bits(let rightHigh, let rightLow)):
            leftHigh == rightHigh && leftLow == rightLow
        case (.text(let left), .text(let right)):
            left.utf8.elementsEqual(right.utf8)
        case (.unassigned, .unassigned):
            true
        default:
            false
        }
    }

    /// Hashes the id, so that equal ids hash alike.
    public func hash(into hasher: inout Hasher) {
        switch self.storage {
        case .unassigned:
            hasher.combine(0)
        case .bits(let high, let low):
            hasher.combine(high)
            hasher.combine(low)
        case .text(let text):
            for byte in text.utf8 { hasher.combine(byte) }
        }
    }
}

extension MessageID: Comparable {
    /// Compares by text, which for UUIDs is the order of their bits.
    public static func < (left: MessageID, right: MessageID) -> Bool {
        if case .bits(let leftHigh, let leftLow) = left.storage,
            case .bits(let rightHigh, let rightLow) = right.storage
        {
            return (leftHigh, leftLow) < (rightHigh, rightLow)
        }
        return left.description.utf8.lexicographicallyPrecedes(right.description.utf8)
    }
}

extension MessageID: Codable {
    /// Reads an id from a text.
    ///
    /// - Throws: the decoder's error where there is no text.
    public init(from decoder: any Decoder) throws {
        self.init(try decoder.singleValueContainer().decode(String.self))
    }

    /// Writes the id as its text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(self.description)
    }
}
