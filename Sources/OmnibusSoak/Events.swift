// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus

/// One of many, with the time at which its publish began.
struct Tick: Event {
    static let topic: Topic = "soak.tick"
    var number: Int
    var key: String?
    var eventKey: String? { self.key }
    var began: ContinuousClock.Instant.Since = .init()
}

extension ContinuousClock.Instant {
    /// Nanoseconds since the program began; an instant itself is not `Codable` in a form that is worth sending.
    struct Since: Codable, Sendable {
        static let origin = ContinuousClock.now
        var nanoseconds: Int64

        init() {
            let elapsed = ContinuousClock.now - Self.origin
            self.nanoseconds =
                elapsed.components.seconds * 1_000_000_000 + elapsed.components.attoseconds / 1_000_000_000
        }

        var age: Int64 { Self().nanoseconds - self.nanoseconds }
    }
}

/// An event whose handlers fail now and then.
struct Risky: Event {
    static let topic: Topic = "soak.risky"
    var number: Int
}

/// An event that a group handles, key by key.
struct Keyed: Event {
    static let topic: Topic = "soak.keyed"
    var number: Int
    var eventKey: String? { "key-\(self.number % 64)" }
}

/// An event that more of are published than can be handled.
struct Flood: Event {
    static let topic: Topic = "soak.flood"
    var number: Int
    var eventKey: String? { "\(self.number % 16)" }
}

/// The responder has answered something else than 6.
struct WrongAnswer: Error {
    var sum: Int
}

/// What a handler throws now and then.
struct Hiccup: Error {}

/// Keeps the processor busy for a time, as a handler that computes does.
func work(for duration: Duration) {
    let end = ContinuousClock.now + duration
    while ContinuousClock.now < end {}
}
