// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// The rules that topics and patterns share, as functions over their text.
public enum TopicName {
    /// Whether a text is to be a topic or a pattern.
    package enum Kind { case topic, pattern }

    static let dot = UInt8(ascii: ".")
    static let star = UInt8(ascii: "*")
    static let hash = UInt8(ascii: "#")

    /// The first word of every topic that is the system's own.
    package static let systemWord = "omnibus"
    /// The longest name of a system topic: what Kafka allows, the shortest limit of all back ends that keep names.
    package static let maximumSystemLength = 249
    /// The most words of a system topic: a user's topic and the prefix.
    package static let maximumSystemWordCount = 64
}

extension TopicName {
    /// Counts a name as the limits do: ASCII letters, digits, `.`, `_` and `-` are one each, every other byte is four.
    ///
    /// Four is what the longest escape of a byte needs on a back end that allows only the former.
    public static func length(of name: String) -> Int {
        name.utf8.reduce(0) { $0 + self.cost(of: $1) }
    }

    static func cost(of byte: UInt8) -> Int {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), self.dot, UInt8(ascii: "-"), UInt8(ascii: "_"):
            1
        default: 4
        }
    }

    static func wordCount(of name: String) -> Int {
        name.isEmpty ? 0 : name.utf8.reduce(1) { $0 + ($1 == self.dot ? 1 : 0) }
    }

    static func isSystem(_ name: String) -> Bool {
        let prefix = self.systemWord.utf8
        guard name.utf8.starts(with: prefix) else { return false }
        return name.utf8.count == prefix.count || name.utf8.dropFirst(prefix.count).first == self.dot
    }

    static func isSystem(_ name: UnsafeBufferPointer<UInt8>) -> Bool {
        let prefix = self.systemWord.utf8
        guard name.first == UInt8(ascii: "o"), name.starts(with: prefix) else { return false }
        return name.count == prefix.count || name[prefix.count] == self.dot
    }

    /// Compares bytes; `String` would take canonically equivalent texts for equal, which no back end does.
    static func areEqual(_ lhs: String, _ rhs: String) -> Bool {
        self.withBytes(of: lhs) { lhs in
            self.withBytes(of: rhs) { rhs in
                self.areEqual(UnsafeRawBufferPointer(lhs), UnsafeRawBufferPointer(rhs))
            }
        }
    }

    /// Lends the bytes of a name, where they are if it can, which is always on Linux.
    @inline(__always)
    static func withBytes<Result>(of name: String, _ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        if let result = name.utf8.withContiguousStorageIfAvailable(body) { return result }
        var copy = name
        return copy.withUTF8(body)
    }

    static func areEqual(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
        let count = left.count
        guard count == right.count else { return false }
        if left.baseAddress == right.baseAddress { return true }
        guard count >= 8 else {
            for offset in 0..<count where left[offset] != right[offset] { return false }
            return true
        }
        var offset = 0
        // The last eight bytes overlap with those before them where the length is no multiple of eight.
        while true {
            let word = left.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            guard word == right.loadUnaligned(fromByteOffset: offset, as: UInt64.self) else { return false }
            if offset == count - 8 { return true }
            offset = min(offset + 8, count - 8)
        }
    }

    /// Hashes bytes, as ``areEqual(_:_:)`` compares them.
    static func hash(_ name: String, into hasher: inout Hasher) {
        self.withBytes(of: name) { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        hasher.combine(0xFF as UInt8)
    }
}
