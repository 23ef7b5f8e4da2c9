// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// The documented rules for names, written a second time in the shortest way, to judge the rows of other brokers by.
enum TopicRule {
    /// Whether a text is a topic, or a pattern, by the table in Docs/Topics.md.
    static func isAccepted(_ text: String, isTopic: Bool) -> Bool {
        let words = Self.words(text, ".")
        let isSystem = words.first == "omnibus"
        let wildcards: [Substring] = ["*", "#"]
        // ASCII letters, digits, dot, underscore and hyphen count one, every other byte four; a wildcard counts one.
        let length = words.reduce(words.count - 1) { length, word in
            length
                + (!isTopic && wildcards.contains(word) ? 1 : word.utf8.reduce(0) { $0 + (Self.isPlain($1) ? 1 : 4) })
        }
        return !words.contains("")
            && words.allSatisfy { $0 != ">" && $0 != "+" && (!isTopic || !wildcards.contains($0)) }
            && text.unicodeScalars.allSatisfy(Self.isVisible)
            && length <= (isTopic && !isSystem ? 200 : 249)
            && words.count <= (isTopic && !isSystem ? 60 : 64)
    }

    /// Whether another broker accepts a text, as its own documentation says; nil for a broker of which none is known.
    static func isAccepted(_ text: String, isTopic: Bool, by broker: String) -> Bool? {
        switch broker {
        case "NATS":
            let words = Self.words(text, ".")
            let isWild = words.contains("*") || words.contains(">")
            return !words.contains("") && !text.contains(where: \.isWhitespace)
                && (isTopic ? !isWild : !words.dropLast().contains(">"))
        case "MQTT":
            let levels = Self.words(text, "/")
            let areWhole = levels.allSatisfy { $0.count == 1 || (!$0.contains("+") && !$0.contains("#")) }
            return !text.isEmpty && areWhole && !levels.dropLast().contains("#")
                && (!isTopic || (!text.contains("+") && !text.contains("#")))
        default:
            return nil
        }
    }

    private static func words(_ text: String, _ separator: Character) -> [Substring] {
        text.split(separator: separator, omittingEmptySubsequences: false)
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        let character = Character(Unicode.Scalar(byte))
        return character.isASCII && (character.isLetter || character.isNumber || "._-".contains(character))
    }

    private static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
        if scalar == "/" || scalar.properties.isWhitespace { return false }
        return switch scalar.properties.generalCategory {
        case .control, .format, .privateUse, .unassigned, .surrogate: false
        default: true
        }
    }
}
