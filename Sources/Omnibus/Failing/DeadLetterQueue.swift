// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// The messages that were given up on: listed, inspected, redriven, cleared, analysed.
///
/// They are also published to `omnibus.dead.<topic>`, so that subscribing to `omnibus.dead.#` sees each of them come;
/// a broker can be told to publish all of them to one topic instead (``DeadLetterTopic``).
public struct DeadLetterQueue: Sendable {
    /// Where a dead letter is redriven to.
    public typealias Destination = RedriveDestination

    let bus: EventBus
    /// Whose queues give up on messages.
    let host: any DeadLetterHost

    private var store: DeadLetterStore { self.host.deadLetters }

    /// How many dead letters there are.
    public var count: Int { self.store.count }

    /// How many dead letters had to make room for newer ones, and are lost.
    public var evictedCount: Int { self.store.evicted }

    /// What the dead letters occupy, in bytes, by the estimate that their bound goes by.
    public var byteCount: Int { self.store.bytes }

    // MARK: Listing

    /// Lists dead letters, the oldest first.
    ///
    /// - Parameters:
    ///   - pattern: which topics they were published to.
    ///   - limit: how many at most; ``page(where:after:limit:)`` goes on from there.
    /// - Complexity: O(dead letters).
    public func list(of pattern: TopicPattern = "#", limit: Int = DeadLetterPage.defaultLimit) -> [DeadLetter] {
        guard limit >= 1 else { return [] }
        let filter = DeadLetterFilter(topics: pattern)
        // Nothing is wrong with the limit, and there is no cursor to be wrong.
        return (try? self.store.page(where: filter, after: nil, limit: limit).letters) ?? []
    }

    /// Returns a page of the dead letters that a filter is true for, the oldest first.
    ///
    /// ```swift
    /// var cursor: DeadLetterPage.Cursor?
    /// repeat {
    ///     let page = try bus.deadLetters.page(where: filter, after: cursor)
    ///     show(page.letters)
    ///     cursor = page.next
    /// } while cursor != nil
    /// ```
    ///
    /// - Parameters:
    ///   - cursor: the `next` of the page before; nil begins with the oldest letter.
    ///   - limit: how many letters at most.
    /// - Throws: ``OmnibusError`` with the code `invalidSettings` for a limit below 1 or a cursor that is none.
    /// - Complexity: O(letters that are looked at), and O(log n) to find where the page begins.
    public func page(
        where filter: DeadLetterFilter = .all,
        after cursor: DeadLetterPage.Cursor? = nil,
        limit: Int = DeadLetterPage.defaultLimit
    ) throws(OmnibusError) -> DeadLetterPage {
        try self.store.page(where: filter, after: cursor, limit: limit)
    }

    /// Counts the dead letters that a filter is true for.
    ///
    /// - Complexity: O(dead letters).
    public func count(where filter: DeadLetterFilter) -> Int {
        var count = 0
        self.store.forEach(where: filter) { _ in count += 1 }
        return count
    }

    /// Returns one dead letter; nil when it was redriven, cleared or evicted.
    public func letter(_ id: DeadLetter.ID) -> DeadLetter? {
        self.store.letter(id)
    }

    // MARK: Clearing

    /// Forgets the dead letters of a pattern that are at least as old as an age, and returns how many.
    @discardableResult
    public func clear(of pattern: TopicPattern = "#", olderThan age: Duration = .zero) -> Int {
        self.clear(where: DeadLetterFilter(topics: pattern), olderThan: age)
    }

    /// Forgets the dead letters that a filter is true for and that are at least so old; returns how many.
    ///
    /// - Parameter age: zero, less than zero or nil forgets them whatever their age.
    @discardableResult
    public func clear(where filter: DeadLetterFilter, olderThan age: Duration? = nil) -> Int {
        var filter = filter
        if let age, age > .zero { filter = filter.notAfter(self.bus.environment.clock.now - age) }
        var ids: [DeadLetter.ID] = []
        self.store.forEach(where: filter) { ids.append($0.id) }
        return ids.count { self.store.take($0) != nil }
    }

    // MARK: Analysing

    /// Counts the dead letters that a filter is true for by error, topic, group, reason and time.
    ///
    /// - Parameters:
    ///   - age: how far back to look; nil is as far as there are letters.
    ///   - interval: how long the stretches of time are that letters are counted by.
    /// - Throws: ``OmnibusError`` with the code `invalidSettings` for an interval that is not above zero.
    /// - Complexity: O(dead letters), and sorting what they have in common.
    public func analyze(
        where filter: DeadLetterFilter = .all,
        within age: Duration? = nil,
        every interval: Duration = .seconds(3_600)
    ) throws(OmnibusError) -> FailureAnalysis {
        var tally = try FailureAnalysis.Tally(every: interval)
        var filter = filter
        if let age { filter = filter.notBefore(self.bus.environment.clock.now - age) }
        self.store.forEach(where: filter) { tally.add($0) }
        return tally.analysis
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
            if let memory = self.memory { return DeadLetterQueue(bus: self, host: memory) }
            guard let host = self.host, !self.provider.capabilities.isKeepingDeadLetters else {
                throw OmnibusError(
                    .unsupported,
                    """
                    The provider '\(self.provider.capabilities.provider)' keeps dead letters itself; \
                    look at them with its own tools.
                    """,
                    details: Capability.deadLetters.rawValue
                )
            }
            return DeadLetterQueue(bus: self, host: host)
        }
    }
}
