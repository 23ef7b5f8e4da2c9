// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus

/// What all simulated events carry: their name, by which the history knows them.
protocol Named: Codable, Sendable {
    var name: String { get }
    var key: String? { get }
    /// Whether a handler, rather than a publisher, has published it.
    var isChild: Bool { get }
}

struct Alpha: Event, Named {
    static let topic: Topic = "sim.a"
    var name: String
    var key: String?
    var isChild = false

    var eventKey: String? { self.key }
}

struct Beta: Event, Named {
    static let topic: Topic = "sim.b"
    var name: String
    var key: String?
    var isChild = false

    var eventKey: String? { self.key }
}

/// What handlers throw because the workload says so.
struct SimulatedFailure: Error {}

extension Message {
    /// The event that the message carries.
    func event(_ codec: any PayloadCodec) throws(OmnibusError) -> any Named {
        if self.topic == Beta.topic { return try self.payload.decode(as: Beta.self, codec: codec) }
        return try self.payload.decode(as: Alpha.self, codec: codec)
    }
}
