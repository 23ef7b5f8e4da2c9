// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

public import Omnibus

/// A time in an event, read as ISO 8601 has it and written again as it was read.
///
/// What has no offset is UTC, as the documents' own code writes it. Two are equal that say the same time. A time that a
/// program sets is written by RFC 3339, with as many fraction digits as it needs.
@propertyWrapper
public struct WrittenTime: Sendable, Codable {
    /// The time.
    public var wrappedValue: Timestamp
    /// How it was written; counts as long as it says the time.
    private var text: String?

    /// Takes a time.
    public init(wrappedValue: Timestamp) {
        self.wrappedValue = wrappedValue
        self.text = nil
    }

    /// Reads a text.
    ///
    /// - Throws: `DecodingError`, naming the field, for one that is no time.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let time = Timestamp(iso8601: text) else {
            let field = FieldFault.path(decoder.codingPath)
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "'\(field)' is no time; write one such as 2026-02-28T09:30:00Z"
            )
        }
        self.wrappedValue = time
        self.text = text
    }

    /// Writes the text that was read, or that of the time where it was set since.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(self.wrappedValue.written(self.text) { $0.description })
    }
}

extension WrittenTime: Hashable {
    /// Tells whether two times are the same, however they were written.
    public static func == (left: Self, right: Self) -> Bool { left.wrappedValue == right.wrappedValue }

    /// Hashes the time.
    public func hash(into hasher: inout Hasher) { hasher.combine(self.wrappedValue) }
}
