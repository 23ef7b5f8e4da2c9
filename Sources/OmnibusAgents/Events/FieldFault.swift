// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus

/// What can be wrong with a field of an event: sentences that name it by its path in the JSON, and never quote what it
/// holds.
enum FieldFault {
    /// The path of a field, such as `data.new_state`.
    static func path(_ keys: [any CodingKey]) -> String {
        keys.map { $0.intValue.map(String.init) ?? $0.stringValue }.joined(separator: ".")
    }

    /// A field has a word that is not one of those known; it is not quoted, as nothing of a payload is.
    static func unknown(at path: [any CodingKey], known: [String]) -> String {
        let words = known.count == 1 ? known[0] : "one of \(known.joined(separator: ", "))"
        return "'\(self.path(path))' is not a word that is known here; write \(words)"
    }

    /// A field is empty that must not be.
    static func empty(_ field: String) -> String {
        "'\(field)' is empty; give it at least one character"
    }

    /// What an error of a decoder's says about a field, as a sentence without its full stop.
    static func sentence(_ error: any Error) -> String {
        switch error {
        case let error as DecodingError: self.sentence(error)
        case let error as OmnibusError: error.message
        default: "it cannot be read; see the cause"
        }
    }

    private static func sentence(_ error: DecodingError) -> String {
        switch error {
        case .keyNotFound(let key, let context):
            "'\(self.path(context.codingPath + [key]))' is missing; add it"
        case .valueNotFound(let type, let context):
            "\(self.place(context)) is null; give it \(self.name(type))"
        case .typeMismatch(let type, let context):
            "\(self.place(context)) is of another type; give it \(self.name(type))"
        case .dataCorrupted(let context):
            // What this module finds names the field itself.
            context.debugDescription.hasPrefix("'")
                ? context.debugDescription : "\(self.place(context)) is not valid; see the cause"
        @unknown default: "it cannot be read; see the cause"
        }
    }

    private static func place(_ context: DecodingError.Context) -> String {
        context.codingPath.isEmpty ? "the whole" : "'\(self.path(context.codingPath))'"
    }

    /// What JSON calls a type.
    private static func name(_ type: any Any.Type) -> String {
        switch type {
        case is String.Type: "a text"
        case is Bool.Type: "true or false"
        case is Int.Type: "a whole number"
        case is Double.Type: "a number"
        default: "\(type)".hasPrefix("Array") ? "an array" : "an object"
        }
    }
}
