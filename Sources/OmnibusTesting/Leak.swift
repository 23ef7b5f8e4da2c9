// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

public import Omnibus

/// Something that a bus, or a test of it, has left behind.
public struct Leak: Sendable, Hashable, CustomStringConvertible {
    /// What was left behind.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// A handler that has not returned, although it was cancelled.
        case handler
        /// A sequence that was neither cancelled nor read to its end.
        case sequence
        /// A task of the bus that waits for messages which cannot come any more.
        case sleeper
        /// A publisher that waits for room in a queue.
        case publisher
        /// A request whose answer is waited for.
        case request
        /// A task that waits in `settled()`, `run()` or `shutdown()`.
        case waiter
        /// A timer that is set on a ``ManualClock``, a sleeping task's included.
        case timer
        /// A shutdown that has not ended.
        case shutdown
    }

    /// What was left behind.
    public let kind: Kind
    /// What it is about: a queue, a topic, or the clock.
    public let name: String
    /// The call that subscribed, where there was one.
    public let callSite: CallSite?
    /// How many of the kind there are in this place.
    public let count: Int

    init(_ kind: Kind, _ name: String, callSite: CallSite? = nil, count: Int = 1) {
        self.kind = kind
        self.name = name
        self.callSite = callSite
        self.count = count
    }

    init(_ leftover: Leftover) {
        let kind: Kind =
            switch leftover.kind {
            case .handler: .handler
            case .sequence: .sequence
            case .sleeper: .sleeper
            case .publisher: .publisher
            case .request: .request
            case .waiter: .waiter
            }
        self.init(kind, leftover.name, callSite: leftover.callSite, count: leftover.count)
    }

    /// What is left, of what, and what to do about it.
    public var description: String {
        let place = self.callSite.map { " (subscribed at \($0))" } ?? ""
        let what =
            switch self.kind {
            case .handler: "handler of \(self.name)\(place) still running; have it return when it is cancelled"
            case .sequence: "sequence of \(self.name)\(place) left open; cancel it, or read it to its end"
            case .sleeper: "worker of \(self.name)\(place) asleep; this is a fault of the bus, please report it"
            case .publisher: "publisher waiting for room in \(self.name)\(place); await the publish before the end"
            case .request: "request on \(self.name) without an answer; await it, or cancel its task"
            case .waiter: "task waiting in 'settled()', 'run()' or 'shutdown()' of \(self.name)\(place)"
            case .timer: "timer set on \(self.name); cancel what waits for it, or advance the clock"
            case .shutdown: "shutdown of \(self.name) that has not ended"
            }
        return "\(self.count) \(what)"
    }
}

/// What ``assertClean(_:deadline:patience:)`` throws: everything that was left behind.
///
/// Swift Testing and XCTest both print an error that a test throws, so that nothing needs to be caught.
public struct LeakFailure: Error, Hashable, CustomStringConvertible {
    /// What was left behind.
    public let leaks: [Leak]
    /// The call that looked for it.
    public let callSite: CallSite

    /// What was left behind, one thing in each line.
    public var description: String {
        let list = self.leaks.map { "\n  - \($0)" }.joined()
        return "The bus was shut down (at \(self.callSite)) and this was left behind:\(list)"
    }
}
