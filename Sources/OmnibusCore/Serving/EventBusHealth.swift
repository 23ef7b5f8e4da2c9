// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

public import CloudEvents

/// How a bus is: whether it takes messages, and what is stuck, where and since when.
public struct EventBusHealth: Sendable, Hashable {
    /// How things are as a whole.
    public enum Status: String, Sendable, Hashable {
        /// Nothing is stuck.
        case healthy
        /// The bus works, and something in it does not.
        case degraded
        /// Nothing can be published.
        case down
    }

    /// Something that does not go on as it should.
    public struct Finding: Sendable, Hashable {
        /// What is wrong, as a value that a program can compare.
        ///
        /// The set is open: minor releases add kinds.
        public struct Kind: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
            /// The name of the kind, such as `stuckHandler`.
            public let rawValue: String

            /// Creates a kind from its name.
            public init(rawValue: String) {
                self.rawValue = rawValue
            }

            /// The name of the kind, for people.
            public var description: String { self.rawValue }

            /// A handler ignores its cancellation.
            public static let stuckHandler = Self(rawValue: "stuckHandler")
            /// A queue is three quarters full, and has not been down to a quarter since.
            public static let slowQueue = Self(rawValue: "slowQueue")
            /// Publishers wait for room in a queue.
            public static let suspendedPublishers = Self(rawValue: "suspendedPublishers")
            /// Enqueued messages wait to be accepted.
            public static let backlog = Self(rawValue: "backlog")
            /// A subscription is paused.
            public static let paused = Self(rawValue: "paused")
            /// A circuit breaker lets nothing through, or tries whether it may.
            public static let openBreaker = Self(rawValue: "openBreaker")
            /// A log has lost lines, because a disk is full or a reader gone, say.
            public static let lostLogLines = Self(rawValue: "lostLogLines")
            /// The bus does not take messages: it is shut down, or about to be.
            public static let closed = Self(rawValue: "closed")
        }

        /// What is wrong.
        public var kind: Kind
        /// What it is about: a queue with the call site of its subscription, a log with the reason, or the bus.
        public var name: String
        /// Since when; nil where that is not known.
        public var since: Timestamp?
        /// How many messages, publishers, handlers or lines it is about.
        public var count: Int

        /// Creates a finding.
        public init(_ kind: Kind, name: String, since: Timestamp? = nil, count: Int = 1) {
            self.kind = kind
            self.name = name
            self.since = since
            self.count = count
        }
    }

    /// How things are as a whole.
    public var status: Status
    /// What is wrong, the longest first as far as it is known since when.
    public var findings: [Finding]
    /// When this was found out.
    public var time: Timestamp

    /// Creates a report of what was found: down where the bus takes nothing, degraded where anything else was found.
    public init(_ findings: [Finding], at time: Timestamp) {
        self.findings = findings.sorted {
            ($0.since ?? .latest, $0.kind.rawValue, $0.name) < ($1.since ?? .latest, $1.kind.rawValue, $1.name)
        }
        self.time = time
        if findings.contains(where: { $0.kind == .closed }) {
            self.status = .down
        } else {
            self.status = findings.isEmpty ? .healthy : .degraded
        }
    }
}

extension EventBusHealth: CustomStringConvertible {
    /// The status, and a line for each finding.
    public var description: String {
        ([self.status.rawValue] + self.findings.map { "- \($0)" }).joined(separator: "\n")
    }
}

extension EventBusHealth.Finding: CustomStringConvertible {
    /// What is wrong, with what, how much of it and since when.
    public var description: String {
        let since = self.since.map { " since \($0)" } ?? ""
        return "\(self.kind) (\(self.count)): \(self.name)\(since)"
    }
}
