// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

package import OmnibusCore
import Synchronization

extension BrokerCore {
    // MARK: Publishing

    static func noHistory(_ topic: Topic, _ expected: ExpectedSequence) -> OmnibusError {
        OmnibusError(
            .invalidSettings,
            "'\(topic)' keeps no history, so that no \(expected) can be expected; create it as a retained topic."
        )
    }

    /// Appends a message to the history of its topic.
    func append(
        _ message: Message,
        to slot: Int,
        _ route: Route,
        expecting expected: ExpectedSequence?
    ) throws(OmnibusError) -> PublishReceipt {
        do throws(OmnibusError) {
            let size = try self.encodedSize(of: message, route)
            switch self.logs.append(message, to: slot, size: size, expecting: expected?.nextOffset) {
            case .appended(_, let position):
                for observer in route.observers { observer.see(message) }
                route.showTaps(message)
                // Whoever comes later can read it, so nobody is told that nobody listens.
                if route.matched == 0 { self.count(message.topic, CallCounts(unrouted: 1)) }
                return PublishReceipt(messageID: message.id, matched: route.matched, position: position)
            case .mismatch(let next):
                throw Self.mismatch(message.topic, expected?.nextOffset ?? next, next)
            case .severalPartitions:
                throw OmnibusError(
                    .invalidSettings,
                    """
                    '\(message.topic)' has several partitions, each with offsets of its own; \
                    expect an offset only on topics of one partition.
                    """
                )
            case .unknownTopic:
                throw OmnibusError(
                    .unknownTopic,
                    "The topic '\(message.topic)' was deleted; create it again with 'createTopic' to publish to it."
                )
            }
        } catch {
            self.count(message.topic, CallCounts(refused: 1))
            throw error
        }
    }

    private static func mismatch(_ topic: Topic, _ expected: Int64, _ next: Int64) -> OmnibusError {
        OmnibusError(
            .sequenceMismatch,
            """
            The message for '\(topic)' was expected to get the offset \(expected), but the next one is \(next): \
            somebody else has published. Read what is new, decide again, and publish with the new offset.
            """,
            details: SequenceMismatch(expected: expected, actual: next)
        )
    }

    /// What a message counts for in a history.
    ///
    /// It is encoded before it is accepted: what nobody can read later must not be kept, and the limits are in bytes.
    private func encodedSize(of message: Message, _ route: Route) throws(OmnibusError) -> Int {
        let bytes: Int
        do throws(OmnibusError) {
            bytes = try message.payload.bytes().count
        } catch {
            throw OmnibusError(
                error.code,
                """
                The payload for '\(message.topic)', a topic that keeps a history, cannot be encoded as \
                \(message.payload.contentType ?? "bytes"); nothing was published. See the cause.
                """,
                advice: error.advice,
                cause: error.cause ?? error
            )
        }
        guard bytes <= route.maximumMessageSize else {
            throw OmnibusError(
                .tooLarge,
                """
                The payload has \(bytes) bytes and '\(message.topic)' takes at most \(route.maximumMessageSize); \
                raise the limit of the topic or the broker, or keep the content elsewhere and publish where it is.
                """
            )
        }
        return Retention.size(of: message, encoded: bytes)
    }

    // MARK: Topics

    /// Creates a topic; returns false when it is there already with the same settings.
    package func create(_ topic: Topic, _ configuration: TopicConfiguration) throws(OmnibusError) -> Bool {
        let configuration = self.completed(configuration)
        return try self.change { table throws(OmnibusError) in
            if let existing = table.created[topic] {
                guard existing.configuration == configuration else {
                    throw OmnibusError(
                        .invalidSettings,
                        "The topic '\(topic)' exists with other settings; use 'updateTopic' to change them."
                    )
                }
                return false
            }
            var record = Routing.TopicRecord(configuration: configuration)
            record.deduplication = self.makeWindow(configuration.deduplication)
            if configuration.durability == .retained {
                let lanes = table.lanes(matching: topic)
                record.logSlot = self.logs.create(topic, configuration, lanes: lanes)
            } else {
                record.partitions = PartitionCounters(count: configuration.partitions)
            }
            table.created[topic] = record
            table.deleted.remove(topic)
            return true
        }
    }

    /// Settings with what the broker says where they say nothing.
    private func completed(_ configuration: TopicConfiguration) -> TopicConfiguration {
        guard configuration.durability == .retained, configuration.retention.maximumAge == nil else {
            return configuration
        }
        var configuration = configuration
        configuration.retention.maximumAge = self.limits.maximumAge
        return configuration
    }

    /// Changes the settings of a topic, all but the number of partitions and whether there is a history.
    func update(_ topic: Topic, _ configuration: TopicConfiguration) throws(OmnibusError) {
        let configuration = self.completed(configuration)
        try self.change { table throws(OmnibusError) in
            guard let record = table.created[topic] else {
                throw OmnibusError(
                    .unknownTopic,
                    "There is no topic '\(topic)' to update; create it with 'createTopic'."
                )
            }
            let existing = record.configuration
            guard existing.partitions == configuration.partitions else {
                throw OmnibusError(
                    .invalidSettings,
                    """
                    'partitions' of '\(topic)' is \(existing.partitions) and cannot be changed, \
                    because keys would move; delete the topic and create it anew.
                    """
                )
            }
            guard existing.durability == configuration.durability else {
                throw OmnibusError(
                    .invalidSettings,
                    """
                    'durability' of '\(topic)' is \(existing.durability) and cannot be changed, \
                    because its readers would be cut off; delete the topic and create it anew.
                    """
                )
            }
            table.created[topic]?.configuration = configuration
            if let window = configuration.deduplication, let store = record.deduplication {
                // What was accepted before is still known.
                store.remember(within: window)
            } else {
                table.created[topic]?.deduplication = self.makeWindow(configuration.deduplication)
            }
        }
        // Outside the table's lock, because what there is no room for any more is released here.
        self.logs.update(topic, retention: configuration.retention)
    }

    /// Deletes a topic, with its history; returns false when there is none.
    func delete(_ topic: Topic) -> Bool {
        self.collectCounts()
        var removed: [LogRecord] = []
        defer { withExtendedLifetime(removed) {} }
        return self.change { table in
            guard !table.deleted.contains(topic) else { return false }
            let existed = table.created.removeValue(forKey: topic) != nil || table.implicit[topic] != nil
            removed = self.logs.delete(topic)
            if let counts = table.implicit.removeValue(forKey: topic) { table.forgotten += counts }
            if existed { table.deleted.insert(topic) }
            return existed
        }
    }

    // MARK: Reading

    /// Has the group of a subscription go on reading elsewhere.
    package func seek(_ id: SubscriptionID, to start: StartPosition) throws(OmnibusError) {
        let lane = try self.table.withLock { table throws(OmnibusError) -> Lane? in
            guard case .member(let lane, _, _) = table.subscriptions[id] else { return nil }
            try table.check(start, for: lane.pattern, self.logs)
            return lane
        }
        guard let lane else { throw self.unknown(id) }
        lane.seek(to: start)
    }

    /// Forgets where a group has got to; returns false when there is nothing to forget.
    package func deleteGroup(_ group: String, of pattern: TopicPattern) throws(OmnibusError) -> Bool {
        guard let wasDeleted = self.logs.deleteReader(LogStore.ReaderName(group: group, pattern: pattern)) else {
            throw OmnibusError(
                .invalidSettings,
                """
                The group '\(group)' of '\(pattern)' has members, who go on from where it has got to; \
                end their subscriptions first, or use 'seek(to:)'.
                """
            )
        }
        return wasDeleted
    }
}

extension Routing {
    /// The queues that a topic's messages are for, in the order in which they came.
    func lanes(matching topic: Topic) -> [Lane] {
        var tokens: [UInt32] = []
        self.trie.match(topic, into: &tokens)
        return tokens.compactMap { self.lanes[$0] }.sorted { $0.id < $1.id }
    }

    /// Checks that a start position means something for a pattern.
    func check(_ start: StartPosition, for pattern: TopicPattern, _ logs: LogStore) throws(OmnibusError) {
        guard case .offset(let offset) = start else { return }
        guard let topic = pattern.literalTopic, self.created[topic]?.configuration.partitions ?? 1 == 1 else {
            throw OmnibusError(
                .invalidSettings,
                """
                '.offset(\(offset))' says nothing about '\(pattern)', because each partition of each topic counts by \
                itself; start at a time, or subscribe to one topic that has one partition.
                """
            )
        }
        guard offset >= 0 else {
            throw OmnibusError(
                .invalidSettings,
                "'.offset(\(offset))' is negative; offsets count from 0, and '.earliest' is the oldest that is kept."
            )
        }
        if let next = logs.history(of: topic)?.nextOffsets.first, offset > next {
            throw OmnibusError(
                .invalidSettings,
                "No message of '\(topic)' has the offset \(offset) yet, the next one gets \(next); use '.latest'."
            )
        }
    }
}
