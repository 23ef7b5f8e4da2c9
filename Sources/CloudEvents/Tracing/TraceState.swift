// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// The grammar of the `tracestate` header: a list of keys and values.
enum TraceState {
    /// The largest number of entries that the Recommendation allows.
    private static let entryLimit = 32

    /// Says whether a text is a valid `tracestate` header value, or empty.
    ///
    /// Entries may be empty and have blanks around them. A key that occurs again is handed on as it is: who wrote it may
    /// know what is meant, and losing the whole list would be worse.
    static func isValid(_ text: String) -> Bool {
        if text.isEmpty { return true }
        var count = 0
        for part in text.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: true) {
            let entry = Self.withoutBlanks(part)
            if entry.isEmpty { continue }
            guard let sign = entry.firstIndex(of: UInt8(ascii: "=")) else { return false }
            let key = entry[..<sign]
            guard Self.isKey(key), Self.isValue(entry[entry.index(after: sign)...]) else { return false }
            count += 1
            guard count <= Self.entryLimit else { return false }
        }
        return true
    }

    private static func withoutBlanks(_ text: Substring.UTF8View) -> Substring.UTF8View {
        func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
        let start = text.drop(while: isBlank)
        guard let last = start.lastIndex(where: { !isBlank($0) }) else { return start[start.endIndex...] }
        return start[...last]
    }

    /// A lower-case letter or digit, and up to 255 of those and the marks that level 2 of the Recommendation allows.
    private static func isKey(_ key: Substring.UTF8View) -> Bool {
        guard let first = key.first, Self.isLetterOrDigit(first), key.count <= 256 else { return false }
        return key.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "*"), UInt8(ascii: "/"), UInt8(ascii: "@"): true
            default: Self.isLetterOrDigit(byte)
            }
        }
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private static func isValue(_ value: Substring.UTF8View) -> Bool {
        guard let last = value.last, last != 0x20, value.count <= 256 else { return false }
        return value.allSatisfy { $0 >= 0x20 && $0 <= 0x7E && $0 != UInt8(ascii: "=") }
    }
}
