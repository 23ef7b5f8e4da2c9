// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// A text that is compared byte by byte, as topics and ids are.
///
/// Swift compares strings by canonical equivalence; back ends compare bytes. Hashing the bytes also keeps someone from
/// sending thousands of names that are equivalent, and so of one hash, but not the same.
struct ExactText: Hashable {
    var text: String

    init(_ text: String) {
        self.text = text
    }

    /// Tells whether two texts have the same UTF-8 bytes, or are both missing.
    static func isSame(_ left: String?, _ right: String?) -> Bool {
        guard let left, let right else { return left == nil && right == nil }
        // Swift's comparison is one of bytes for nearly all texts; only what it holds equal can still differ.
        return left.utf8.count == right.utf8.count && left == right && left.utf8.elementsEqual(right.utf8)
    }

    static func == (left: ExactText, right: ExactText) -> Bool {
        Self.isSame(left.text, right.text)
    }

    func hash(into hasher: inout Hasher) {
        var text = self.text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}
