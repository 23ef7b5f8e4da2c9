// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus

/// What can be wrong with a field of an event: sentences that name it by its path in the JSON.
enum FieldFault {
    /// The path of a field, such as `data.new_state`.
    static func path(_ keys: [any CodingKey]) -> String {
        keys.map { $0.intValue.map(String.init) ?? $0.stringValue }.joined(separator: ".")
    }

    /// A field has a word that is not one of those known.
    static func unknown(_ word: String, at path: [any CodingKey], known: [String]) -> String {
        let found = word.count > 40 ? "\(word.prefix(40))…" : word
        return "'\(self.path(path))' is '\(found)'; known are \(known.joined(separator: ", "))"
    }

    /// A field is empty that must not be.
    static func empty(_ field: String) -> String {
        "'\(field)' is empty; give it at least one character"
    }

    /// What a decoder's error says about a field, as a sentence.
    static func sentence(_ error: DecodingError) -> String {
        switch error {
        case .keyNotFound(let key, let context):
            "'\(self.path(context.codingPath + [key]))' is missing; add it"
        case .valueNotFound(let type, let context):
            "'\(self.path(context.codingPath))' is null; give it a value of type \(type)"
        case .typeMismatch(let type, let context):
            "'\(self.path(context.codingPath))' is of another type; give it a value of type \(type)"
        case .dataCorrupted(let context):
            // Ours name the field themselves.
            context.debugDescription.hasPrefix("'")
                ? context.debugDescription : "'\(self.path(context.codingPath))': \(context.debugDescription)"
        @unknown default: "it cannot be decoded"
        }
    }
}
