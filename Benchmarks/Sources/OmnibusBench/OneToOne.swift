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
