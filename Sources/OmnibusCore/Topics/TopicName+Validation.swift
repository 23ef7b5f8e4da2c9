// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

extension TopicName {
    /// What is wrong with a name, and where.
    package struct Fault: Equatable {
        package enum Reason: Equatable {
            case empty
            case emptyWord
            case wildcardInTopic
            case foreignWildcard
            case slash
            case whitespace
            case control
            case unusable
            case tooLong(length: Int, limit: Int)
            case tooManyWords(count: Int, limit: Int)
        }

        package var reason: Reason
        /// The character that is wrong, in Unicode scalars, the first being 1.
        package var position: Int
        /// The word that is wrong, the first being 1.
        package var word: Int
        /// What stands there.
        package var found: String
    }

    /// Finds the first thing that is wrong with a name, or nil where it is valid.
    package static func fault(in name: String, as kind: Kind) -> Fault? {
        if name.isEmpty { return Fault(reason: .empty, position: 1, word: 1, found: "") }
        if self.isPlain(name) { return nil }
        if let fault = self.characterFault(in: name) ?? self.wordFault(in: name, as: kind) { return fault }
        return self.sizeFault(in: name, as: kind)
    }

    /// Whether a name is one as nearly all are, in which there is nothing to look for: ASCII letters, digits, `-` and `_`
    /// between single dots, and not long.
    ///
    /// A topic is often written as a literal where it is used, so that it is checked each time.
    static func isPlain(_ name: String) -> Bool {
        self.withBytes(of: name) { bytes in
            guard bytes.count <= Topic.maximumLength else { return false }
            var wordCount = 1
            var isWordEmpty = true
            for byte in bytes {
                if byte == self.dot {
                    if isWordEmpty { return false }
                    isWordEmpty = true
                    wordCount += 1
                } else {
                    guard self.cost(of: byte) == 1 else { return false }
                    isWordEmpty = false
                }
            }
            return !isWordEmpty && wordCount <= Topic.maximumWordCount
        }
    }

    private static func characterFault(in name: String) -> Fault? {
        var word = 1
        for (index, scalar) in name.unicodeScalars.enumerated() {
            if scalar == "." { word += 1 }
            guard let reason = self.reasonAgainst(scalar) else { continue }
            return Fault(reason: reason, position: index + 1, word: word, found: String(scalar))
        }
        return nil
    }

    private static func wordFault(in name: String, as kind: Kind) -> Fault? {
        var position = 1
        for (index, word) in TopicWords(name).enumerated() {
            if let reason = self.reasonAgainst(word: word, in: kind) {
                return Fault(reason: reason, position: position, word: index + 1, found: String(word))
            }
            position += word.unicodeScalars.count + 1
        }
        return nil
    }

    private static func reasonAgainst(word: Substring, in kind: Kind) -> Fault.Reason? {
        switch word {
        case "": .emptyWord
        case "*", "#": kind == .topic ? .wildcardInTopic : nil
        case ">", "+": .foreignWildcard
        default: nil
        }
    }

    private static func reasonAgainst(_ scalar: Unicode.Scalar) -> Fault.Reason? {
        if scalar.isASCII {
            switch scalar {
            case " ", "\t", "\n", "\r", "\u{B}", "\u{C}": return .whitespace
            case "/": return .slash
            default: return scalar.value < 0x20 || scalar.value == 0x7F ? .control : nil
            }
        }
        if scalar.properties.isWhitespace { return .whitespace }
        return switch scalar.properties.generalCategory {
        case .control, .format: .control
        case .privateUse, .unassigned, .surrogate: .unusable
        default: nil
        }
    }

    private static func sizeFault(in name: String, as kind: Kind) -> Fault? {
        let isShort = kind == .topic && !self.isSystem(name)
        let limit = isShort ? Topic.maximumLength : self.maximumSystemLength
        let length = kind == .topic ? self.length(of: name) : self.patternLength(of: name)
        if length > limit { return self.fault(.tooLong(length: length, limit: limit), atEndOf: name) }
        let wordLimit = isShort ? Topic.maximumWordCount : self.maximumSystemWordCount
        let count = self.wordCount(of: name)
        if count > wordLimit { return self.fault(.tooManyWords(count: count, limit: wordLimit), atEndOf: name) }
        return nil
    }

    /// Counts a wildcard as one: no back end has to escape it.
    private static func patternLength(of name: String) -> Int {
        TopicWords(name).reduce(-1) { $0 + 1 + ($1 == "*" || $1 == "#" ? 1 : self.length(of: String($1))) }
    }

    private static func fault(_ reason: Fault.Reason, atEndOf name: String) -> Fault {
        Fault(reason: reason, position: name.unicodeScalars.count, word: self.wordCount(of: name), found: "")
    }
}

extension TopicName.Fault {
    package func error(in name: String, as kind: TopicName.Kind) -> OmnibusError {
        OmnibusError(kind == .topic ? .invalidTopic : .invalidPattern, self.sentence(in: name, as: kind))
    }

    /// Says what was found, where, and what to do.
    package func sentence(in name: String, as kind: TopicName.Kind) -> String {
        let noun = kind == .topic ? "topic" : "pattern"
        let found = Self.shown(self.found, limit: 20)
        let place = "at character \(self.position), in word \(self.word)"
        let subject = "\"\(Self.shown(name, limit: 80))\" is not a \(noun)"
        return switch self.reason {
        case .empty:
            "The empty text is not a \(noun): character 1 of word 1 is missing. Give it at least one word."
        case .emptyWord:
            "\(subject): a word is empty \(place). Every dot needs a word before and after it."
        case .wildcardInTopic:
            "\(subject): \"\(found)\" is a wildcard \(place). Publish to one topic; wildcards belong in a TopicPattern."
        case .foreignWildcard:
            "\(subject): \"\(found)\" is a wildcard elsewhere, not here, \(place). "
                + "Write \"*\" for one word and \"#\" for any number of words, in a TopicPattern."
        case .slash:
            "\(subject): \"/\" is not allowed, \(place). Separate words with dots."
        case .whitespace:
            "\(subject): white space (\(found)) is not allowed, \(place). Use \"-\" or \"_\" instead."
        case .control:
            "\(subject): an invisible control character (\(found)) is not allowed, \(place). Remove it."
        case .unusable:
            "\(subject): \(found) has no agreed meaning in Unicode, \(place). Use another character."
        case .tooLong(let length, let limit):
            "\(subject): it counts \(length), at most \(limit) are allowed, up to its end \(place). ASCII letters, "
                + "digits, \".\", \"_\" and \"-\" count one, every other byte four. Shorten it."
        case .tooManyWords(let count, let limit):
            "\(subject): it has \(count) words, at most \(limit) are allowed, up to its end \(place). Shorten it."
        }
    }

    /// Cuts a text short and makes what cannot be seen visible as `U+000A`.
    private static func shown(_ text: String, limit: Int) -> String {
        var result = ""
        for (index, scalar) in text.unicodeScalars.enumerated() {
            if index == limit { return result + "…" }
            if scalar.properties.isWhitespace || scalar.value < 0x20 || !Self.isVisible(scalar) {
                let digits = String(scalar.value, radix: 16, uppercase: true)
                result += "U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    private static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .privateUse, .unassigned, .surrogate: false
        default: true
        }
    }
}
