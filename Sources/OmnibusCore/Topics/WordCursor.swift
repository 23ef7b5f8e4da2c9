// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// Cuts the bytes of a name into words, the empty name into none.
struct WordCursor {
    private var rest: UnsafeBufferPointer<UInt8>
    private var isAtEnd: Bool

    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        self.rest = bytes
        self.isAtEnd = bytes.isEmpty
    }

    mutating func next() -> UnsafeBufferPointer<UInt8>? {
        guard !self.isAtEnd else { return nil }
        var end = 0
        while end < self.rest.count, self.rest[end] != TopicName.dot { end += 1 }
        let word = UnsafeBufferPointer(rebasing: self.rest[..<end])
        if end == self.rest.count {
            self.isAtEnd = true
        } else {
            self.rest = UnsafeBufferPointer(rebasing: self.rest[(end + 1)...])
        }
        return word
    }
}
