// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus

/// The payload: the same fields as the other languages' programs send. The name is short enough to need no memory of
/// its own.
struct Tick: Event {
    static let topic: Topic = "bench.tick"
    var n: Int
    var name: String
}

/// Another type of event, which is as large.
struct Tock: Event {
    static let topic: Topic = "bench.tock"
    var n: Int
    var name: String
}

/// One publisher, one asynchronous handler, through `EventBus` with the default configuration.
extension Contestant {
    static let oneToOne = Contestant(name: "one-to-one/omnibus") { count, meter in
        let tally = Tally(expected: count)
        let bus = EventBus()
        try await bus.subscribe(to: Tick.self) { event in
            tally.add(event.n)
        }

        let figure = try await meter.perMessage(of: count) {
            for n in 0..<count {
                try await bus.publish(Tick(n: n, name: "tick"))
            }
            try await tally.wait()
        }

        try await bus.shutdown(deadline: .seconds(5))
        return figure
    }

    /// The same with two types of event in turns, each with a topic and a handler of its own: what a publisher asked for
    /// last is never what it asks for next.
    static let alternatingOneToOne = Contestant(name: "one-to-one/omnibus-alternating") { count, meter in
        let pairs = (count + 1) / 2
        let (ticks, tocks) = (Tally(expected: pairs), Tally(expected: pairs))
        let bus = EventBus()
        try await bus.subscribe(to: Tick.self) { event in ticks.add(event.n) }
        try await bus.subscribe(to: Tock.self) { event in tocks.add(event.n) }

        let figure = try await meter.perMessage(of: count) {
            for n in 0..<pairs {
                try await bus.publish(Tick(n: n, name: "tick"))
                try await bus.publish(Tock(n: n, name: "tock"))
            }
            try await ticks.wait()
            try await tocks.wait()
        }

        try await bus.shutdown(deadline: .seconds(5))
        return figure
    }

    /// The same with a handler that says that it never suspends.
    static let oneToOneSynchronous = Contestant(name: "one-to-one/omnibus-synchronous") { count, meter in
        let tally = Tally(expected: count)
        let bus = EventBus()
        try await bus.subscribe(synchronouslyTo: Tick.self) { event in
            tally.add(event.n)
        }

        let figure = try await meter.perMessage(of: count) {
            for n in 0..<count {
                try await bus.publish(Tick(n: n, name: "tick"))
            }
            try await tally.wait()
        }

        try await bus.shutdown(deadline: .seconds(5))
        return figure
    }
}
