// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// The bytes of the words that are too long for a key, one after the other, each behind its length.
struct LongWords: Sendable {
    private var bytes: [UInt8] = []
    private var deadCount = 0

    var byteEstimate: Int { self.bytes.capacity }

    /// Whether so much is dead that it is worth while to write the rest anew.
    var isMostlyDead: Bool { self.deadCount > 4_096 && self.deadCount * 2 > self.bytes.count }

    /// Keeps a long word of a name and returns its key with the place in here; a short word's key is returned as it is.
    mutating func keep(_ word: SoughtWord) -> WordKey {
        let key = word.key
        guard key.isLong else { return key }
        let offset = self.bytes.count
        let bytes = word.name[key.offset...].prefix { $0 != TopicName.dot }
        withUnsafeBytes(of: UInt32(bytes.count)) { self.bytes.append(contentsOf: $0) }
        self.bytes.append(contentsOf: bytes)
        return WordKey(low: key.low & ~WordKey.placeMask | UInt64(offset), high: key.high)
    }

    /// Forgets the word of a stored key.
    mutating func forget(_ key: WordKey) {
        guard key.isLong else { return }
        self.deadCount += 4 + self.withView { $0.length(at: key.offset) }
    }

    /// Copies the word of a key that another table keeps.
    mutating func keep(_ key: WordKey, from other: LongWords) -> WordKey {
        guard key.isLong else { return key }
        let offset = self.bytes.count
        let length = 4 + other.withView { $0.length(at: key.offset) }
        self.bytes.append(contentsOf: other.bytes[key.offset..<(key.offset + length)])
        return WordKey(low: key.low & ~WordKey.placeMask | UInt64(offset), high: key.high)
    }

    /// Lends the words for many comparisons.
    @inline(__always)
    func withView<Result>(_ body: (View) -> Result) -> Result {
        self.bytes.withUnsafeBytes { body(View(bytes: $0)) }
    }

    /// The words as they are compared, without a reference count; it ends with the call that lends it.
    struct View {
        fileprivate var bytes: UnsafeRawBufferPointer

        func length(at offset: Int) -> Int {
            Int(self.bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
        }

        /// Tells whether a key that is stored is of the word that is looked for.
        @inline(__always)
        func areEqual(_ stored: WordKey, _ word: SoughtWord) -> Bool {
            guard stored.high == word.key.high else { return false }
            return stored.low == word.key.low || word.key.isLong && self.isSame(stored, word)
        }

        @inline(never)
        private func isSame(_ stored: WordKey, _ word: SoughtWord) -> Bool {
            guard (stored.low ^ word.key.low) & ~WordKey.placeMask == 0 else { return false }
            let length = self.length(at: stored.offset)
            let end = word.key.offset + length
            // What is kept has no dot, so the bytes are different where the word is shorter.
            guard end == word.name.count || end < word.name.count && word.name[end] == TopicName.dot else {
                return false
            }
            let start = stored.offset + 4
            return TopicName.areEqual(
                UnsafeRawBufferPointer(rebasing: self.bytes[start..<(start + length)]),
                UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: word.name[word.key.offset..<end]))
            )
        }
    }
}
