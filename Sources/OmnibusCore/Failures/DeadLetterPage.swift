// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// Some of the dead letters that a filter is true for, the oldest first, and where the next ones begin.
///
/// A cursor names a place between letters and not a letter: it stays good while letters are redriven, cleared or
/// evicted, and following it shows each letter that stays exactly once. Letters that come meanwhile come last.
public struct DeadLetterPage: Sendable {
    /// A place in the order of dead letters; it means nothing to another store.
    ///
    /// Its text can be handed out, to a page in a browser for example, and taken back.
    public struct Cursor: RawRepresentable, Sendable, Hashable {
        /// The text of the cursor.
        public let rawValue: String

        /// Creates a cursor from its text; a text that is none is refused where it is used.
        public init(rawValue: String) {
            self.rawValue = rawValue
        }
    }

    /// How many letters a page holds unless a call says otherwise.
    public static let defaultLimit = 100

    /// The letters, the oldest first.
    public var letters: [DeadLetter]
    /// Where the next page begins; nil where this was the last one when it was made.
    public var next: Cursor?

    /// Creates a page, for those who write a ``DeadLetterHandler``.
    public init(letters: [DeadLetter], next: Cursor?) {
        self.letters = letters
        self.next = next
    }
}

extension DeadLetterPage.Cursor {
    /// Creates the cursor after the letter with this number.
    package init(after number: UInt64) {
        self.init(rawValue: "\(number)")
    }

    /// The number of the letter that it follows.
    ///
    /// - Throws: ``OmnibusError`` with the code `invalidSettings` where the text is none that was handed out.
    package var number: UInt64 {
        get throws(OmnibusError) {
            if let number = UInt64(self.rawValue) { return number }
            throw OmnibusError(
                .invalidSettings,
                "'\(self.rawValue.prefix(40))' is no cursor of dead letters; take 'next' of the page before."
            )
        }
    }
}
