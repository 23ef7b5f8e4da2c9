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

/// A time that an event need not have, read and written as ``WrittenTime`` is; where there is none, the field is left
/// out.
@propertyWrapper
public struct OptionalWrittenTime: Sendable, Hashable, Codable {
    private var written: WrittenTime?

    /// The time, if there is one.
    public var wrappedValue: Timestamp? {
        get { self.written?.wrappedValue }
        set {
            guard let newValue else {
                self.written = nil
                return
            }
            // What was read goes on being written as it was, as long as it says the time.
            if self.written == nil {
                self.written = WrittenTime(wrappedValue: newValue)
            } else {
                self.written?.wrappedValue = newValue
            }
        }
    }

    /// Takes a time, or none.
    public init(wrappedValue: Timestamp?) {
        self.written = wrappedValue.map { WrittenTime(wrappedValue: $0) }
    }

    /// Reads a text, or null.
    ///
    /// - Throws: as ``WrittenTime/init(from:)``.
    public init(from decoder: any Decoder) throws {
        self.written = try decoder.singleValueContainer().decodeNil() ? nil : WrittenTime(from: decoder)
    }

    /// Writes the text that was read, or that of the time where it was set since; null for none.
    public func encode(to encoder: any Encoder) throws {
        if let written = self.written { return try written.encode(to: encoder) }
        var container = encoder.singleValueContainer()
        try container.encodeNil()
    }
}

// What the compiler makes of an event's fields calls these for such a field, so that it may be left out.

extension KeyedDecodingContainer {
    func decode(_ type: OptionalWrittenTime.Type, forKey key: Key) throws -> OptionalWrittenTime {
        try self.decodeIfPresent(type, forKey: key) ?? OptionalWrittenTime(wrappedValue: nil)
    }
}

extension KeyedEncodingContainer {
    mutating func encode(_ value: OptionalWrittenTime, forKey key: Key) throws {
        guard value.wrappedValue != nil else { return }
        try self.encodeIfPresent(value, forKey: key)
    }
}
