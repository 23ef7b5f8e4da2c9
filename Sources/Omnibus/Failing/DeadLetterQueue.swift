// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// The messages that were given up on: listed, inspected, redriven, cleared.
///
/// They are also published to `omnibus.dead.<topic>`, so that subscribing to `omnibus.dead.#` sees each of them come.
public struct DeadLetterQueue: Sendable {
    /// Where a dead letter is redriven to.
    public enum Destination: Sendable, Hashable {
        /// The group whose handler failed; the others, who are done with it, do not get it again.
        case group
        /// Its topic: everybody who listens there handles it again.
        case topic
    }

    let bus: EventBus
    let keeper: any DeadLetterKeeper

    /// How many dead letters there are.
    public var count: Int { self.keeper.deadLetters.count }

    /// How many dead letters had to make room for newer ones, and are lost.
    public var evictedCount: Int { self.keeper.deadLetters.evicted }

    /// Lists dead letters, the oldest first.
    ///
    /// - Parameters:
    ///   - pattern: which topics they were published to.
    ///   - limit: how many at most.
    /// - Complexity: O(dead letters).
    public func list(of pattern: TopicPattern = "#", limit: Int = 100) -> [DeadLetter] {
        self.keeper.deadLetters.list(where: { pattern.matches($0.message.topic) }, limit: limit)
    }

    /// Returns one dead letter; nil when it was redriven, cleared or evicted.
    public func letter(_ id: DeadLetter.ID) -> DeadLetter? {
        self.keeper.deadLetters.letter(id)
    }

    /// Redrives one dead letter; its attempts are counted anew.
    ///
    /// - Throws: ``OmnibusError`` with the code `unknownSubscription` when there is no such dead letter, or its group
    ///   is gone; whatever publishing throws. The dead letter is kept then.
    public func redrive(_ id: DeadLetter.ID, to destination: Destination = .group) async throws {
        switch destination {
        case .group:
            try self.keeper.redrive(id)
        case .topic:
            guard let letter = self.keeper.deadLetters.take(id) else { return try self.keeper.redrive(id) }
            do {
                _ = try await self.bus.publishAgain(letter.message)
            } catch {
                self.keeper.deadLetters.putBack(letter)
                throw error
            }
        }
    }

    /// Redrives all dead letters of a pattern, and returns how many.
    ///
    /// - Throws: as for one; those before it have been redriven.
    @discardableResult
    public func redriveAll(of pattern: TopicPattern = "#", to destination: Destination = .group) async throws -> Int {
        let letters = self.list(of: pattern, limit: .max)
        for letter in letters { try await self.redrive(letter.id, to: destination) }
        return letters.count
    }

    /// Forgets the dead letters of a pattern that are older than an age, and returns how many.
    @discardableResult
    public func clear(of pattern: TopicPattern = "#", olderThan age: Duration = .zero) -> Int {
        let limit = self.bus.environment.clock.now - age
        let letters = self.keeper.deadLetters.list(
            where: { $0.time <= limit && pattern.matches($0.message.topic) },
            limit: .max
        )
        return letters.count { self.keeper.deadLetters.take($0.id) != nil }
    }
}

extension EventBus {
    /// The messages that were given up on.
    ///
    /// Where the provider keeps none, the bus does, in bounded memory.
    ///
    /// - Throws: ``OmnibusError`` with the code `unsupported` on providers that keep them elsewhere.
    public var deadLetters: DeadLetterQueue {
        get throws(OmnibusError) {
            if let memory = self.memory { return DeadLetterQueue(bus: self, keeper: memory) }
            guard let host = self.host, !self.provider.capabilities.has(.deadLetters) else {
                throw OmnibusError(
                    .unsupported,
                    """
                    The provider '\(self.provider.capabilities.provider)' keeps dead letters itself; \
                    look at them with its own tools.
                    """,
                    details: Capability.deadLetters.rawValue
                )
            }
            return DeadLetterQueue(bus: self, keeper: host)
        }
    }
}
