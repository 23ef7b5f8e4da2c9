// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// A member's name as a key that is compared by its UTF-8 bytes.
///
/// Swift compares strings by canonical equivalence, JSON by code units. Hashing the bytes also keeps someone from
/// sending thousands of names that are equivalent, and so of one hash, but not the same.
struct JSONName: Hashable {
    var text: String

    /// Says whether two texts have the same UTF-8 bytes.
    static func isSame(_ left: String, _ right: String) -> Bool {
        // Swift's comparison is a comparison of bytes for nearly all strings; only what it holds equal can still
        // differ.
        left.utf8.count == right.utf8.count && left == right && left.utf8.elementsEqual(right.utf8)
    }

    static func == (left: Self, right: Self) -> Bool {
        Self.isSame(left.text, right.text)
    }

    func hash(into hasher: inout Hasher) {
        var text = self.text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}
