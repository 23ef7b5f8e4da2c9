// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// Where a broker publishes the notice that a message was given up on.
public enum DeadLetterTopic: Sendable, Hashable {
    /// A topic of the system for each topic: `omnibus.dead.` and the message's own.
    case perTopic
    /// One topic for all, which may be one of the program's own.
    ///
    /// Notices count there as messages of the broker's, beside those that the program publishes.
    case fixed(Topic)

    /// The topic of the notice about a message of a topic.
    package func topic(for topic: Topic) -> Topic {
        switch self {
        case .perTopic: Topic(unchecked: "omnibus.dead.\(topic.name)")
        case .fixed(let topic): topic
        }
    }
}
