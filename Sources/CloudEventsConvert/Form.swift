// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import CloudEvents

/// How an event is written in a line.
enum Form: Hashable, Sendable {
    /// The JSON format.
    case json
    /// The JSON batch format: a line is an array.
    case batch
    /// A protocol's message, as `{"headers":{…},"body":"base64"}`.
    case message(ProtocolBinding, ContentMode)

    /// All forms, in the order in which they are told.
    static let all: [Form] =
        [.json, .batch]
        + ProtocolBinding.allCases.flatMap { binding in
            [ContentMode.structured, .binary].map { .message(binding, $0) }
        }

    /// What the form is called on the command line.
    var name: String {
        switch self {
        case .json: "json"
        case .batch: "batch"
        case .message(let binding, let mode): "\(binding.rawValue)-\(mode.rawValue)"
        }
    }

    init?(name: String) {
        guard let form = Self.all.first(where: { $0.name == name }) else { return nil }
        self = form
    }
}
