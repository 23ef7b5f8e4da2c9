// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus

/// What all simulated events carry: their name, by which the history knows them.
protocol Named: Codable, Sendable {
    var name: String { get }
    var key: String? { get }
    /// Whether a handler, rather than a publisher, has published it.
    var isChild: Bool { get }
    /// The names of those that it was merged of beside its own, the oldest first.
    var merged: [String] { get set }
}

struct Alpha: Event, Named {
    static let topic: Topic = "sim.a"
    var name: String
    var key: String?
    var isChild = false
    var merged: [String] = []

    var eventKey: String? { self.key }
}

struct Beta: Event, Named {
    static let topic: Topic = "sim.b"
    var name: String
    var key: String?
    var isChild = false
    var merged: [String] = []

    var eventKey: String? { self.key }
}

/// What handlers throw because the workload says so.
struct SimulatedFailure: Error {}

extension Message {
    /// The newer of two messages, which also stands for the older one.
    static func merging(_ older: Message, _ newer: Message, codec: any PayloadCodec) throws -> Message {
        let before = try older.event(codec)
        let names = before.merged + [before.name]
        var merged = newer
        switch try newer.event(codec) {
        case var event as Beta:
            event.merged = names
            merged.payload = Payload(event, codec: codec)
        case var event as Alpha:
            event.merged = names
            merged.payload = Payload(event, codec: codec)
        default:
            throw SimulatedFailure()
        }
        return merged
    }

    /// The event that the message carries.
    func event(_ codec: any PayloadCodec) throws(OmnibusError) -> any Named {
        if self.topic == Beta.topic { return try self.payload.decode(as: Beta.self, codec: codec) }
        return try self.payload.decode(as: Alpha.self, codec: codec)
    }
}
