// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus

/// An event with a key.
struct Job: Event, Equatable {
    static let topic: Topic = "jobs"
    var name: String
    var key: String?
    var eventKey: String? { self.key }

    init(_ name: String, key: String? = nil) {
        self.name = name
        self.key = key
    }
}

extension Message {
    /// A message whose payload is its name.
    static func job(_ name: String, key: String? = nil, priority: Priority = .normal) -> Message {
        var message = Message(topic: "jobs", key: key, payload: Payload(json: .string(name)))
        message.priority = priority
        return message
    }

    var jobName: String {
        if case .json(.string(let name)) = self.payload.storage { return name }
        return (try? self.payload.decode(as: Job.self, codec: JSONCodec()).name) ?? "?"
    }
}
