// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// How far a task, or a step of a saga, has come.
///
/// Documents say the same in three vocabularies. Every event writes its status in its own one, and reads all three:
///
/// | status | ``Vocabulary/outcome`` | ``Vocabulary/lifecycle`` | ``Vocabulary/record`` |
/// |---|---|---|---|
/// | ``submitted`` | `pending` | `submitted` | `PENDING` |
/// | ``working`` | `in_progress` | `working` | `IN_PROGRESS` |
/// | ``completed`` | `success` | `completed` | `COMPLETED` |
/// | ``failed`` | `failed` | `failed` | `FAILED` |
/// | ``cancelled`` | `cancelled` | `cancelled` | `CANCELLED` |
public enum TaskStatus: Sendable, Hashable, CaseIterable {
    /// Accepted, and not begun.
    case submitted
    /// Begun, and not ended.
    case working
    /// Ended as it should.
    case completed
    /// Ended by an error.
    case failed
    /// Ended because somebody wanted it so.
    case cancelled

    /// The words in which a status is written.
    public enum Vocabulary: Sendable, Hashable, CaseIterable {
        /// `success`, `in_progress`, `failed`: that of the events `agent.task.…` and `saga.…`.
        case outcome
        /// `submitted`, `working`, `completed`, `failed`, `cancelled`: that of the event `status_change`.
        case lifecycle
        /// `PENDING`, `IN_PROGRESS`, `COMPLETED`, `FAILED`, `CANCELLED`: that of the Avro record `AgentTaskEvent`.
        case record
    }

    /// The word for the status in a vocabulary.
    public func word(in vocabulary: Vocabulary) -> String {
        switch (self, vocabulary) {
        case (.submitted, .outcome): "pending"
        case (.submitted, .lifecycle): "submitted"
        case (.submitted, .record): "PENDING"
        case (.working, .outcome): "in_progress"
        case (.working, .lifecycle): "working"
        case (.working, .record): "IN_PROGRESS"
        case (.completed, .outcome): "success"
        case (.completed, .lifecycle): "completed"
        case (.completed, .record): "COMPLETED"
        case (.failed, .outcome), (.failed, .lifecycle): "failed"
        case (.failed, .record): "FAILED"
        case (.cancelled, .outcome), (.cancelled, .lifecycle): "cancelled"
        case (.cancelled, .record): "CANCELLED"
        }
    }

    /// Creates the status that a word of any of the vocabularies means; nil if it is in none of them. Case counts.
    public init?(word: String) {
        for status in Self.allCases {
            for vocabulary in Vocabulary.allCases where status.word(in: vocabulary) == word {
                self = status
                return
            }
        }
        return nil
    }
}

extension TaskStatus: CustomStringConvertible {
    /// The word of ``Vocabulary/lifecycle``.
    public var description: String { self.word(in: .lifecycle) }
}

extension TaskStatus: Codable {
    /// Reads a word of any of the vocabularies.
    ///
    /// - Throws: `DecodingError`, naming the field and the known words, for any other.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let word = try container.decode(String.self)
        guard let status = TaskStatus(word: word) else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: FieldFault.unknown(at: decoder.codingPath, known: Self.words)
            )
        }
        self = status
    }

    /// Writes the word of ``Vocabulary/lifecycle``; the events of this module write each in its own vocabulary.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(self.word(in: .lifecycle))
    }

    /// All words there are, each once.
    static var words: [String] {
        var words: [String] = []
        for vocabulary in Vocabulary.allCases {
            for status in self.allCases where !words.contains(status.word(in: vocabulary)) {
                words.append(status.word(in: vocabulary))
            }
        }
        return words
    }
}

// MARK: In an event

/// A status in an event that writes it in the words of ``TaskStatus/Vocabulary/outcome``, and reads all.
@propertyWrapper
public struct OutcomeWord: Sendable, Hashable, Codable {
    /// The status.
    public var wrappedValue: TaskStatus

    /// Takes a status.
    public init(wrappedValue: TaskStatus) {
        self.wrappedValue = wrappedValue
    }

    /// Reads a word of any vocabulary.
    ///
    /// - Throws: `DecodingError`, naming the field and the known words, for any other.
    public init(from decoder: any Decoder) throws {
        self.wrappedValue = try TaskStatus(from: decoder)
    }

    /// Writes the word of ``TaskStatus/Vocabulary/outcome``.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(self.wrappedValue.word(in: .outcome))
    }
}
