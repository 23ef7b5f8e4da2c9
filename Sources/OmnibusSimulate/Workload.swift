// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusCore

/// What happens in one simulated run: plain values, made from a seed before anything runs.
///
/// Removing operations leaves a workload that can be run; that is how the shortest failing one is found.
struct Workload: Sendable, Hashable {
    /// Decides what handlers do with each message, and the order in which tasks run.
    var seed: UInt64
    var groups: [GroupPlan]
    var operations: [Operation]
    var end: Ending
    /// The topics, by number, on which repetitions are noticed.
    var windows: [Int: DeduplicationWindow] = [:]
    /// How many messages each of the topics keeps that have a history.
    var histories: [Int] = []
}

/// One thing that somebody does.
struct Operation: Sendable, Hashable, CustomStringConvertible {
    /// Who does it: its operations are done one after the other, at the same time as those of others.
    enum Actor: Sendable, Hashable {
        /// Before all others.
        case setup
        case control
        case publisher(Int)
    }

    enum Action: Sendable, Hashable {
        case publish(PublishPlan)
        case sleep(milliseconds: Int)
        case join(group: Int, member: Int)
        case leave(group: Int, member: Int)
        case pause(group: Int, member: Int)
        case resume(group: Int, member: Int)
        case redrive
        case jumpWallClock(milliseconds: Int)
        case cancelPublisher(Int)
        case request(number: Int)
        /// Publishes to a topic that has a history.
        case append(number: Int, topic: Int, key: Int?)
    }

    var actor: Actor
    var action: Action

    var description: String { "\(self.actor): \(self.action)" }
}

/// One publish call.
struct PublishPlan: Sendable, Hashable {
    enum Way: Sendable, Hashable {
        case event
        case eventNow
        case publisher
        case message
    }

    var number: Int
    var topic: Int
    var key: Int?
    var way: Way
    var priority = Priority.normal
    var timeToLive: Int?
    /// How long it waits before it is delivered, in milliseconds.
    var delay: Delay?
    /// The id that it brings, which others bring as well.
    var identity: Int?

    struct Delay: Sendable, Hashable {
        var milliseconds: Int
        /// Whether a time of the wall clock is asked for, rather than a delay.
        var isTime: Bool
        /// When it is cancelled, in milliseconds after the call.
        var cancelled: Int?
    }
}

/// A group, or a subscription of its own: what it listens to and how it handles.
struct GroupPlan: Sendable, Hashable {
    enum Interface: Sendable, Hashable {
        /// A handler of events of the first type, without deliveries.
        case alphas
        /// A handler of events of the second type that also gets the delivery.
        case betas
        /// A handler of deliveries.
        case deliveries(pattern: String)
        /// A loop over a sequence.
        case sequence(pattern: String)
    }

    enum Acknowledging: Sendable, Hashable {
        case onReturn
        case onReceipt
        case manual(deadline: Int?)
    }

    enum Overflow: Sendable, Hashable {
        case suspend(milliseconds: Int)
        case reject
        case dropOldest
        case dropNewest
        case coalesce
    }

    enum Schedule: Sendable, Hashable {
        case atOnce
        case fixed(milliseconds: Int)
        case exponential
        case linear
    }

    enum Start: Sendable, Hashable {
        case earliest
        case latest
        case last
        /// So many percent of what there has been.
        case offset(percent: Int)
    }

    /// How its handlers behave, in percent of attempts.
    struct Temper: Sendable, Hashable {
        var fails = 0
        var isSlow = 0
        var ignoresCancellation = 0
        var publishes = 0
    }

    var isShared: Bool
    var interface: Interface
    var acknowledging: Acknowledging
    var concurrency: Int
    var attempts: Int
    var schedule: Schedule
    var bound: Int
    var cascade: Int
    var overflow: Overflow
    var ordering: Ordering
    var temper: Temper
    /// How long a handler may take, in milliseconds.
    var timeout: Int?
    var throttle: Throttle?
    var circuitBreaker: CircuitBreaker?
    /// Where it starts to read.
    var start: Start?
    /// The keys of the messages that it wants; nil is all.
    var wantedKeys: [Int]?

    /// What it listens to.
    var pattern: String {
        switch self.interface {
        case .alphas: Alpha.topic.name
        case .betas: Beta.topic.name
        case .deliveries(let pattern), .sequence(let pattern): pattern
        }
    }
}

/// How a run ends.
enum Ending: Sendable, Hashable {
    /// When everybody is done, everything is handled; then the bus is shut down.
    case settle
    /// The bus is shut down some time after the start, whatever goes on.
    case shutdown(after: Int, deadline: Int)
}
