// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// The words of a topic or a pattern, one after the other, cut out as they are asked for.
///
/// The empty text, which no valid topic has, is no word at all; elsewhere there is one word more than there are dots.
public struct TopicWords: Sequence, Sendable {
    private let name: String

    init(_ name: String) {
        self.name = name
    }

    /// Starts at the first word.
    public func makeIterator() -> Iterator {
        Iterator(rest: self.name.isEmpty ? nil : self.name[...])
    }

    /// Walks over the words of a name.
    public struct Iterator: IteratorProtocol, Sendable {
        fileprivate var rest: Substring?

        /// Returns the next word, or nil after the last.
        public mutating func next() -> Substring? {
            guard let rest = self.rest else { return nil }
            guard let dot = rest.utf8.firstIndex(of: TopicName.dot) else {
                self.rest = nil
                return rest
            }
            self.rest = rest[rest.utf8.index(after: dot)...]
            return rest[..<dot]
        }
    }
}
