// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// A text that must not be seen: a password, a token, a key.
///
/// It shows as `<redacted>` wherever a value shows itself: in string interpolation, `print`, `dump`, a debugger's
/// mirror. ``reveal()`` gives the text to whoever needs it. Encoding writes the text, because a configuration that was
/// written to a file has to be readable from it: such a file is as secret as its secrets.
///
/// It hides a text from logs, not from somebody who can read this process's memory.
public struct Secret: Sendable, Hashable {
    /// What is shown in the place of a secret.
    public static let placeholder: String = "<redacted>"

    private let text: String

    /// Makes a secret of a text.
    public init(_ text: String) {
        self.text = text
    }

    /// The text itself, for the call that needs it.
    public func reveal() -> String { self.text }

    /// Whether the text has no characters.
    public var isEmpty: Bool { self.text.isEmpty }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The placeholder.
    public var description: String { Self.placeholder }
    /// The placeholder.
    public var debugDescription: String { Self.placeholder }
    /// A mirror without anything in it.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

extension Secret: Codable {
    /// Reads the secret as text.
    public init(from decoder: any Decoder) throws {
        self.init(try decoder.singleValueContainer().decode(String.self))
    }

    /// Writes the text itself.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(self.text)
    }
}
