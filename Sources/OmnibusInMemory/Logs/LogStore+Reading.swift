// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import CloudEvents
import OmnibusCore
import Synchronization

extension LogStore {
    /// What a lane reads from: its reader.
    final class Source: LaneSource {
        private let store: LogStore
        private let index: Int
        private let lane: UInt64

        init(store: LogStore, index: Int, lane: UInt64) {
            self.store = store
            self.index = index
            self.lane = lane
        }

        func begin() -> Bool {
            self.store.begin(self.index, lane: self.lane)
        }

        func read(upTo count: Int, bytes: Int) -> RetainedLog.Batch {
            self.store.read(self.index, lane: self.lane, upTo: count, bytes: bytes)
        }

        func record(at sequence: Int64) -> LogRecord? {
            self.store.state.withLock { $0.log.record(at: sequence) }
        }

        func seek(to start: StartPosition) -> (hasMore: Bool, removed: [LogRecord]) {
            self.store.seek(self.index, lane: self.lane, to: start)
        }

        func park(_ cursor: LogCursor) {
            self.store.park(self.index, lane: self.lane, cursor)
        }

        func settleParked(_ sequence: Int64) {
            self.store.state.withLock { state in
                guard self.index < state.readers.count, let reader = state.readers[self.index], reader.lane == nil,
                    reader.lastLane == self.lane
                else { return }
                state.readers[self.index]?.parked?.settle(sequence)
            }
        }
    }

    // MARK: Beginning

    /// Lets a lane read, where its pattern matches log topics, or its group has read before.
    ///
    /// - Parameter start: where to begin; it counts only where the group has no cursor.
    /// - Returns: what the lane has to finish, and what was found to be too old, when no lock is held.
    func attach(_ lane: Lane, from start: StartPosition?) -> (LaneReading.Taken?, [LogRecord]) {
        let now = self.clock.uptime()
        let (found, removed) = self.state.withLock { state -> ((Source, LogCursor)?, [LogRecord]) in
            let removed = state.log.expire(now: now)
            let name = lane.group.map { ReaderName(group: $0, pattern: lane.pattern) }
            if let name, let index = state.byName[name] {
                let cursor = state.readers[index]?.parked ?? LogCursor()
                state.readers[index]?.parked = nil
                state.readers[index]?.lane = lane
                state.readers[index]?.lastLane = lane.id
                return ((Source(store: self, index: index, lane: lane.id), cursor), removed)
            }
            let reader = state.log.reader(from: start ?? .latest, where: lane.pattern.matches)
            guard reader.hasTopics else { return (nil, removed) }
            return ((self.add(lane, reader, to: &state), LogCursor()), removed)
        }
        let taken = found.map { source, cursor in lane.attach(source, resuming: cursor) }
        return (taken, removed)
    }

    /// Adds a reader for a lane.
    func add(_ lane: Lane, _ place: LogReader, to state: inout State) -> Source {
        let name = lane.group.map { ReaderName(group: $0, pattern: lane.pattern) }
        let reader = Reader(pattern: lane.pattern, name: name, place: place, lane: lane, lastLane: lane.id)
        let index: Int
        if let reused = state.freeReaders.popLast() {
            index = reused
            state.readers[index] = reader
        } else {
            index = state.readers.count
            state.readers.append(reader)
        }
        if let name { state.byName[name] = index }
        for slot in place.slots { state.readersBySlot[slot].append(index) }
        return Source(store: self, index: index, lane: lane.id)
    }

    // MARK: Going on

    /// Whether a lane has something to read; otherwise it is told from now on.
    private func begin(_ index: Int, lane: UInt64) -> Bool {
        self.state.withLock { state in
            guard index < state.readers.count, let reader = state.readers[index], reader.lane?.id == lane else {
                return false
            }
            let hasMore = state.log.hasMore(for: reader.place)
            state.readers[index]?.isWaiting = !hasMore
            return hasMore
        }
    }

    private func read(_ index: Int, lane: UInt64, upTo count: Int, bytes: Int) -> RetainedLog.Batch {
        let now = self.clock.uptime()
        return self.state.withLock { state -> RetainedLog.Batch in
            let removed = state.log.expire(now: now)
            guard index < state.readers.count, var reader = state.readers[index], reader.lane?.id == lane else {
                return RetainedLog.Batch(isAtEnd: true)
            }
            var batch = state.log.read(&reader.place, upTo: count, bytes: bytes)
            batch.removed = removed
            reader.isWaiting = batch.isAtEnd
            state.readers[index] = reader
            return batch
        }
    }

    private func seek(_ index: Int, lane: UInt64, to start: StartPosition) -> (hasMore: Bool, removed: [LogRecord]) {
        let now = self.clock.uptime()
        return self.state.withLock { state in
            let removed = state.log.expire(now: now)
            guard index < state.readers.count, let reader = state.readers[index], reader.lane?.id == lane else {
                return (false, removed)
            }
            let place = state.log.reader(from: start, where: reader.pattern.matches)
            let hasMore = state.log.hasMore(for: place)
            state.readers[index]?.place = place
            state.readers[index]?.isWaiting = !hasMore
            return (hasMore, removed)
        }
    }

    /// How many messages a lane has not read; nil when it reads no log.
    func unread(by lane: UInt64) -> Int? {
        self.state.withLock { state in
            state.readers.lazy.compactMap { $0 }.first { $0.lane?.id == lane }.map { state.log.unread($0.place) }
        }
    }

    /// How many messages a lane has not read, and when the oldest was appended; nil when it reads no log.
    func lag(of lane: UInt64) -> (count: Int, oldest: Timestamp?)? {
        self.state.withLock { state in
            guard let reader = state.readers.lazy.compactMap({ $0 }).first(where: { $0.lane?.id == lane }) else {
                return nil
            }
            return (state.log.unread(reader.place), state.log.oldestUnread(reader.place))
        }
    }

    // MARK: Ending

    private func park(_ index: Int, lane: UInt64, _ cursor: LogCursor) {
        self.state.withLock { state in
            guard index < state.readers.count, let reader = state.readers[index], reader.lane?.id == lane else {
                return
            }
            state.readers[index]?.lane = nil
            state.readers[index]?.isWaiting = false
            if reader.name == nil {
                self.remove(index, from: &state)
            } else {
                state.readers[index]?.parked = cursor
            }
        }
    }

    private func remove(_ index: Int, from state: inout State) {
        guard let reader = state.readers[index] else { return }
        for slot in reader.place.slots { state.readersBySlot[slot].removeAll { $0 == index } }
        if let name = reader.name { state.byName[name] = nil }
        state.readers[index] = nil
        state.freeReaders.append(index)
    }

    /// Forgets where a group has got to; nil when it has members, false when there is nothing to forget.
    func deleteReader(_ name: ReaderName) -> Bool? {
        self.state.withLock { state in
            guard let index = state.byName[name] else { return false }
            guard state.readers[index]?.lane == nil else { return nil }
            self.remove(index, from: &state)
            return true
        }
    }
}
