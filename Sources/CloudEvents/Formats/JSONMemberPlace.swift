// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusJSON

/// Which member of an event a place in a JSON document is in, so that an error there can name the attribute.
///
/// The document before the place was found to be JSON by the parser.
struct JSONMemberPlace {
    /// The name of the event's member whose value is at the place; nil where there is none.
    private(set) var name: String?
    /// The name that begins at the place, where that is one of the event's members.
    private(set) var nextName: String?

    /// Reads a document up to the place.
    mutating func read(_ document: some Collection<UInt8>, before offset: Int) {
        let bytes = Array(document)
        // The events of a batch are one level deeper.
        let level = bytes.first { $0 > 0x20 } == UInt8(ascii: "[") ? 2 : 1
        var depth = 0
        var string = 0..<0
        var place = 0
        while place < min(offset, bytes.count) {
            switch bytes[place] {
            case UInt8(ascii: "\""):
                let end = Self.end(ofString: place, in: bytes)
                // A fault within a string, or at its beginning.
                if end >= offset { return }
                string = (place + 1)..<end
                place = end
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                if depth < level { self.name = nil }
            case UInt8(ascii: ":") where depth == level: self.name = Self.name(bytes[string])
            case UInt8(ascii: ",") where depth <= level: self.name = nil
            default: break
            }
            place += 1
        }
        guard depth == level, offset < bytes.count, bytes[offset] == UInt8(ascii: "\"") else { return }
        let end = Self.end(ofString: offset, in: bytes)
        self.nextName = Self.name(bytes[(offset + 1)..<max(end, offset + 1)])
    }

    /// The name that stands between quotes, its escapes read.
    private static func name(_ content: ArraySlice<UInt8>) -> String? {
        let quote = [UInt8(ascii: "\"")]
        return try? JSONValue(parsing: quote + content + quote).stringValue
    }

    /// The place of the quote that ends a string, or the document's end.
    private static func end(ofString start: Int, in bytes: [UInt8]) -> Int {
        var place = start + 1
        while place < bytes.count, bytes[place] != UInt8(ascii: "\"") {
            place += bytes[place] == UInt8(ascii: "\\") ? 2 : 1
        }
        return min(place, bytes.count)
    }
}
