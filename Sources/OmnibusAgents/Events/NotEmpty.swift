// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

public import Omnibus

/// A text of an event that says which one is meant, such as an id: it is never empty, and does not change.
@propertyWrapper
public struct NotEmpty: Sendable, Hashable, Codable {
    /// The text.
    public let wrappedValue: String

    /// Takes a text for a field.
    ///
    /// - Throws: ``OmnibusError`` with the code `invalidMessage`, naming the field, where it is empty.
    public init(_ text: String, _ field: some CodingKey) throws(OmnibusError) {
        guard !text.isEmpty else {
            throw OmnibusError(.invalidMessage, "\(FieldFault.empty(field.stringValue)).", advice: .deadLetter)
        }
        self.wrappedValue = text
    }

    /// Reads a text.
    ///
    /// - Throws: `DecodingError`, naming the field, where it is empty.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        self.wrappedValue = try container.decode(String.self)
        guard !self.wrappedValue.isEmpty else {
            let field = FieldFault.path(decoder.codingPath)
            throw DecodingError.dataCorruptedError(in: container, debugDescription: FieldFault.empty(field))
        }
    }

    /// Writes the text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(self.wrappedValue)
    }
}
