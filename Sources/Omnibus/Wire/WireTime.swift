// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

// The documents write times by ISO 8601, which has many ways to say the same: with an offset or without one (which is
// UTC here), with seconds or without them, with any number of digits. A text that would not be written like that again
// stays beside the time; in a message it is in a header. It counts as long as it says the time.

/// A time of a document, and how it was written.
struct WireTime: Sendable, Hashable {
    /// The header of a message that holds the text of the document's time.
    static let header = "wire-timestamp"

    var time: Timestamp
    /// The text, where it is another one than would be written.
    var text: String?

    /// Reads a text by ISO 8601.
    init?(_ text: String, unless canonical: (Timestamp) -> String? = { _ in nil }) {
        guard let time = Timestamp(iso8601: text) else { return nil }
        self.time = time
        self.text = canonical(time) == text ? nil : text
    }

    /// Takes the text out of a message's header; nil where there is none, or it says another time.
    static func text(of time: Timestamp?, from headers: inout MessageHeaders, _ name: String = Self.header) -> String? {
        guard case .text(let text) = headers.remove(name) else { return nil }
        return Timestamp(iso8601: text) == time ? text : nil
    }
}

extension Timestamp {
    /// Reads a point in time as RFC 3339 writes it, or as ISO 8601 does without seconds or without an offset.
    package init?(iso8601 text: String) {
        if let time = Timestamp(text) {
            self = time
            return
        }
        let bytes = Array(text.utf8)
        // `2026-02-28T09:30`
        guard bytes.count >= 16, bytes.allSatisfy({ $0 < 0x80 }) else { return nil }
        let minutes = bytes[..<16]
        var rest = bytes[16...]
        if rest.first != UInt8(ascii: ":") { rest = ":00".utf8 + rest }
        if !rest.contains(where: { "Zz+-".utf8.contains($0) }) { rest += "Z".utf8 }
        guard let time = Timestamp(String(decoding: minutes + rest, as: UTF8.self)) else { return nil }
        self = time
    }

    /// A text that says this time, or else the one that is written for it.
    package func written(_ text: String?, _ canonical: (Timestamp) -> String) -> String {
        guard let text, Timestamp(iso8601: text) == self else { return canonical(self) }
        return text
    }
}
