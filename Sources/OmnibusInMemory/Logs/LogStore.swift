// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

package import OmnibusCore
import Synchronization

/// The histories of a broker's log topics, and who reads them.
///
/// One lock guards both, so that a reader's start and a message's place are decided against each other: a reader gets
/// each message once, whether it was there before or is appended meanwhile. The lock is the last one in the order, and
/// what has to be done about a decision, waking lanes and releasing payloads, is done when it is free.
package final class LogStore: Sendable {
    /// The name of a reader that outlives its lane.
    package struct ReaderName: Hashable, Sendable {
        package var group: String
        package var pattern: TopicPattern

        package init(group: String, pattern: TopicPattern) {
            self.group = group
            self.pattern = pattern
        }
    }

    /// Somebody who reads.
    struct Reader {
        let pattern: TopicPattern
        let name: ReaderName?
        var place: LogReader
        /// Who is told when there is more; nil for a group that has no members now.
        var lane: Lane?
        /// Whether the lane has read everything and wants to be told when there is more.
        var isWaiting = false
        /// The lane that has read last; what is settled there may still be noted here.
        var lastLane: UInt64
        /// What the group's last lane has left unsettled.
        var parked: LogCursor?
    }

    struct State {
        var log = RetainedLog()
        var readers: [Reader?] = []
        var freeReaders: [Int] = []
        var byName: [ReaderName: Int] = [:]
        /// Who reads a topic, by the topic's place.
        var readersBySlot: [[Int]] = []
        var timer: (id: TimerID?, due: Duration)?
        var isClosed = false

        /// Whether something gets too old well before anybody would look.
        var needsTimer: Bool {
            guard let expiry = self.log.nextExpiry else { return false }
            return self.timer.map { expiry + LogStore.slack < $0.due } ?? true
        }
    }

    let state = Mutex(State())
    let clock: any BusClock

    init(clock: any BusClock) {
        self.clock = clock
    }

    // MARK: Topics

    /// Makes a topic keep a history, which whoever it is of reads from its beginning; returns its place.
    ///
    /// - Parameter lanes: those whose pattern matches.
    func create(_ topic: Topic, _ configuration: TopicConfiguration, lanes: [Lane]) -> Int {
        let (slot, attached) = self.state.withLock { state -> (Int, [(Lane, Source)]) in
            let slot = state.log.create(
                topic,
                retention: configuration.retention,
                partitions: configuration.partitions
            )
            while state.readersBySlot.count <= slot { state.readersBySlot.append([]) }
            state.readersBySlot[slot] = []
            for index in state.readers.indices where state.readers[index]?.pattern.matches(topic) == true {
                state.readers[index]?.place.add(slot)
                state.readersBySlot[slot].append(index)
            }
            let reading = Set(state.readers.compactMap { $0?.lane?.id })
            let attached = lanes.filter { !reading.contains($0.id) }.map { lane in
                // Its pattern matches no other log topic, or it would be reading.
                let reader = state.log.reader(from: .latest, where: lane.pattern.matches)
                return (lane, self.add(lane, reader, to: &state))
            }
            return (slot, attached)
        }
        for (lane, source) in attached { _ = lane.attach(source, resuming: LogCursor()) }
        return slot
    }

    /// Drops the history of a topic; returns what there was, to be released when no lock is held.
    func delete(_ topic: Topic) -> [LogRecord] {
        self.state.withLock { state -> [LogRecord] in
            guard let slot = state.log.slot(of: topic), let end = state.log[topic]?.nextOrdinal else { return [] }
            for index in state.readersBySlot[slot] { state.readers[index]?.place.remove(slot, end: end) }
            state.readersBySlot[slot] = []
            return state.log.delete(topic)
        }
    }

    /// Changes how much is kept.
    func update(_ topic: Topic, retention: Retention) {
        let now = self.clock.uptime()
        let removed = self.state.withLock { $0.log.update(topic, retention: retention, now: now) }
        withExtendedLifetime(removed) {}
        self.armTimer()
    }

    /// What is kept of a topic now; nil when it is no log topic.
    func history(of topic: Topic) -> TopicInfo.History? {
        let now = self.clock.uptime()
        let (history, removed) = self.state.withLock { state -> (TopicInfo.History?, [LogRecord]) in
            let removed = state.log.expire(now: now)
            guard let history = state.log[topic] else { return (nil, removed) }
            return (
                TopicInfo.History(
                    count: history.count,
                    bytes: history.bytes,
                    earliestOffsets: history.earliestOffsets,
                    nextOffsets: history.nextOffsets
                ), removed
            )
        }
        withExtendedLifetime(removed) {}
        return history
    }

    // MARK: Appending

    /// Appends a message and wakes those who wait for one.
    func append(
        _ message: Message,
        to slot: Int,
        size: Int,
        expecting expected: Int64?
    ) -> RetainedLog.AppendOutcome {
        let uptime = self.clock.uptime()
        var removed: [LogRecord] = []
        let (outcome, waiting, needsTimer) = self.state.withLock {
            state -> (RetainedLog.AppendOutcome, [Lane], Bool) in
            let outcome = state.log.append(
                message,
                to: slot,
                of: message.topic,
                size: size,
                uptime: uptime,
                expecting: expected,
                removed: &removed
            )
            guard case .appended = outcome else { return (outcome, [], false) }
            var waiting: [Lane] = []
            for index in state.readersBySlot[slot] where state.readers[index]?.isWaiting == true {
                state.readers[index]?.isWaiting = false
                if let lane = state.readers[index]?.lane { waiting.append(lane) }
            }
            return (outcome, waiting, state.needsTimer)
        }
        if case .appended(let sequence, _) = outcome {
            for lane in waiting { lane.logHasGrown(to: sequence) }
        }
        if needsTimer { self.armTimer() }
        withExtendedLifetime(removed) {}
        return outcome
    }

    // MARK: Time

    /// How long what is too old may stay in memory where nobody appends and nobody reads.
    static let slack = Duration.seconds(1)

    /// Sees to it that what gets too old is released, though nobody comes along.
    private func armTimer() {
        let now = self.clock.uptime()
        let (due, replaced) = self.state.withLock { state -> (Duration?, TimerID?) in
            guard !state.isClosed, let expiry = state.log.nextExpiry else { return (nil, nil) }
            let due = max(expiry, now + Self.slack)
            guard state.timer.map({ due < $0.due }) ?? true else { return (nil, nil) }
            let replaced = state.timer?.id
            // Noted before it is set: it may fire before the clock has returned.
            state.timer = (nil, due)
            return (due, replaced)
        }
        guard let due else { return }
        if let replaced { self.clock.cancel(replaced) }
        let timer = self.clock.schedule(at: due) { [weak self] in self?.timePassed(due) }
        let isCurrent = self.state.withLock { state -> Bool in
            guard state.timer?.due == due, state.timer?.id == nil else { return false }
            state.timer?.id = timer
            return true
        }
        if !isCurrent { self.clock.cancel(timer) }
    }

    private func timePassed(_ due: Duration) {
        let now = self.clock.uptime()
        let removed = self.state.withLock { state -> [LogRecord] in
            if state.timer?.due == due { state.timer = nil }
            return state.log.expire(now: now)
        }
        withExtendedLifetime(removed) {}
        self.armTimer()
    }

    // MARK: Ending

    /// Forgets everything.
    func close() {
        let (old, timer) = self.state.withLock { state -> (State, TimerID?) in
            let old = state
            state = State()
            state.isClosed = true
            return (old, old.timer?.id)
        }
        if let timer { self.clock.cancel(timer) }
        withExtendedLifetime(old) {}
    }
}
