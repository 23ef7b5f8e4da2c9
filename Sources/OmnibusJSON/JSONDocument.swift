// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// The document that a decoder of another maker reads, for the JSON values in it.
///
/// A decoder hands out numbers as doubles and members in an order of its own. Who decodes puts the document beside,
/// into the decoder's `userInfo`; a value then takes its part of it exactly as it is written. The document is parsed
/// when the first value asks, so it costs nothing where none does.
// SAFETY: whoever decodes makes a document for one call of a decoder, which asks for values on the caller's thread and
// one after the other.
package final class JSONDocument: @unchecked Sendable {
    /// Where a decoder has the document.
    package static let key: CodingUserInfoKey? = CodingUserInfoKey(rawValue: "omnibus.json.document")

    private var bytes: (() -> [UInt8])?
    private var value: JSONValue?

    /// Creates a document of bytes that are asked for when the first value is.
    package init(bytes: @escaping () -> [UInt8]) {
        self.bytes = bytes
    }

    /// What a decoder stands at; nil without a document, or where the document has no such place.
    static func value(for decoder: any Decoder) -> JSONValue? {
        guard let key = self.key, let document = decoder.userInfo[key] as? JSONDocument else { return nil }
        return document.value(at: decoder.codingPath)
    }

    private func value(at path: [any CodingKey]) -> JSONValue? {
        guard var value = self.parsed() else { return nil }
        for key in path {
            switch value {
            case .object(let members):
                guard let member = members[key.stringValue] else { return nil }
                value = member
            case .array:
                guard let place = key.intValue, let element = value[place] else { return nil }
                value = element
            default: return nil
            }
        }
        return value
    }

    /// The whole; nil where it is no JSON by this module's parser, which others may take all the same.
    package func parsed() -> JSONValue? {
        if let bytes = self.bytes {
            self.bytes = nil
            // As deep as `JSONDecoder` reads; whoever has the bytes has bounded their number.
            self.value = try? JSONValue(parsing: bytes(), limits: JSONLimits(depth: 512, size: .max))
        }
        return self.value
    }
}
