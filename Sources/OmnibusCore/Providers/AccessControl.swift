// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// Who may publish to a topic, and who may subscribe to it.
public struct AccessControl: Sendable, Hashable {
    /// The names of the clients that may publish.
    public var publishers: [String]
    /// The names of the clients that may subscribe.
    public var subscribers: [String]

    /// Creates rules from the names of clients.
    public init(publishers: [String], subscribers: [String]) {
        self.publishers = publishers
        self.subscribers = subscribers
    }
}
