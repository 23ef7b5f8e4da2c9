// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The messages that were enqueued and have not been accepted yet, in the order of the calls.
///
/// There is a task only while there is something to publish. It publishes one after the other, because the second must
/// not be accepted before the first; so one that has to wait for room holds up those behind it, whatever their topics.
final class PublishBacklog: Sendable {
    /// One message.
    struct Entry: Sendable {
        /// What publishes it: the rest of an offer that found a queue full, or the whole path.
        enum Way: Sendable {
            case wait(WaitToken)
            case publish(Message, isFromHandler: Bool)
        }

        var way: Way
        var promise: PendingReceipt.Promise
        var topic: Topic
        var size: Int
    }

    private struct State {
        var entries: [UInt64: Entry] = [:]
        var bytes = 0
        /// The number that the next entry gets, and the number of the first that has not been taken.
        var last: UInt64 = 0
        var first: UInt64 = 1
        /// When the first of those that are here was enqueued.
        var since: Timestamp?
        /// The one that is being published.
        var current: PendingReceipt.Promise?
        var isRunning = false
        /// How often a task has begun; which one `task` is.
        var runs: UInt64 = 0
        var isClosed = false
        var task: Task<Void, Never>?
        /// Resolved when the task has ended, once the backlog is closed.
        var ended: Pending<Bool>?
        /// Who waits until everything up to a number is done.
        var flushers: [(number: UInt64, pending: Pending<Bool>)] = []
    }

    private let state = Mutex(State())
    /// Whether nothing is here, so that what comes next may be offered at once.
    private let isEmpty = Atomic<Bool>(true)
    private let bounds: QueueBounds
    private let environment: BusEnvironment

    init(_ bounds: QueueBounds, _ environment: BusEnvironment) {
        self.bounds = bounds
        self.environment = environment
    }

    var isIdle: Bool { self.isEmpty.load(ordering: .acquiring) }

    /// How many have not been accepted yet.
    var count: Int {
        self.state.withLock { $0.entries.count + ($0.current == nil ? 0 : 1) }
    }

    /// Since when there is something here; nil where nothing is.
    var since: Timestamp? { self.state.withLock { $0.since } }

    /// Appends a message, and begins to publish where nobody does.
    ///
    /// - Parameter publish: publishes a message; it keeps the bus alive until all is done.
    func append(
        _ way: Entry.Way,
        topic: Topic,
        size: Int,
        publish: @escaping @Sendable (Entry) async -> Result<PublishReceipt, OmnibusError>
    ) throws(OmnibusError) -> PendingReceipt {
        let now = self.environment.clock.now
        let answer = self.state.withLock { state -> Result<(PendingReceipt.Promise, run: UInt64?), OmnibusError> in
            guard !state.isClosed else { return .failure(Self.closed) }
            let isFull =
                state.entries.count >= self.bounds.count
                || (state.bytes + size > self.bounds.bytes && !state.entries.isEmpty)
            guard !isFull else { return .failure(self.overflow(topic)) }
            if state.entries.isEmpty, state.current == nil { state.since = now }
            state.last += 1
            let number = state.last
            let promise = PendingReceipt.Promise { [weak self] in self?.takeBack(number) ?? false }
            state.entries[number] = Entry(way: way, promise: promise, topic: topic, size: size)
            state.bytes += size
            self.isEmpty.store(false, ordering: .releasing)
            return .success((promise, Self.begin(&state)))
        }
        do throws(OmnibusError) {
            let (promise, run) = try answer.get()
            if let run { self.start(run, publish) }
            return PendingReceipt(promise)
        } catch {
            // Those with room have the message already, and the call has to be counted.
            if case .wait(let token) = way, let refusal = token.giveUp?() { throw refusal }
            throw error
        }
    }

    /// Waits until everything that is here now is done; returns false when the calling task was cancelled.
    func flush() async -> Bool {
        let pending = Pending<Bool>()
        let isDone = self.state.withLock { state in
            let isDone = state.entries.isEmpty && state.current == nil
            if !isDone { state.flushers.append((state.last, pending)) }
            return isDone
        }
        if isDone { return true }
        let wasDone = await pending.value(whenCancelled: false)
        if !wasDone { self.state.withLock { state in state.flushers.removeAll { $0.pending === pending } } }
        return wasDone
    }

    /// Gives up on what is here: all of it is refused, and so is what comes later.
    ///
    /// - Returns: the topics of what nobody will try to publish any more, in order, and what is resolved once the task
    ///   has ended that publishes; nil where there is none.
    func close() -> (refused: [Topic], ended: Pending<Bool>?) {
        let (promises, task, flushers, refused, ended) = self.state.withLock { state in
            let promises = [state.current].compactMap { $0 } + state.entries.values.map(\.promise)
            func isBegun(_ entry: Entry) -> Bool { if case .wait = entry.way { true } else { false } }
            let refused = state.entries.sorted { $0.key < $1.key }.filter { !isBegun($0.value) }.map(\.value.topic)
            // An offer that was begun is taken by the task, which ends it.
            state.entries = state.entries.filter { isBegun($0.value) }
            state.bytes = 0
            state.isClosed = true
            if state.isRunning, state.ended == nil { state.ended = Pending() }
            defer { state.flushers = [] }
            return (promises, state.task, state.flushers, refused, state.ended)
        }
        task?.cancel()
        for promise in promises { promise.resolve(.failure(Self.closed)) }
        for flusher in flushers { flusher.pending.resolve(true) }
        return (refused, ended)
    }

    // MARK: Steps

    /// Notes that a task is going to publish, where none does; returns the number of its run.
    private static func begin(_ state: inout State) -> UInt64? {
        guard !state.isRunning else { return nil }
        state.isRunning = true
        state.runs += 1
        return state.runs
    }

    private func start(
        _ run: UInt64,
        _ publish: @escaping @Sendable (Entry) async -> Result<PublishReceipt, OmnibusError>
    ) {
        let task = self.environment.detach { () async -> Void in
            while let entry = self.next() { entry.promise.resolve(await publish(entry)) }
        }
        let isClosed = self.state.withLock { state in
            if state.isRunning, state.runs == run { state.task = task }
            return state.isClosed
        }
        if isClosed { task.cancel() }
    }

    /// Takes the next message, the one before being done; nil ends the task.
    private func next() -> Entry? {
        let (entry, done) = self.state.withLock { state -> (Entry?, [Pending<Bool>]) in
            state.current = nil
            var entry: Entry?
            if state.entries.isEmpty {
                state.first = state.last + 1
                state.isRunning = false
                state.task = nil
                state.since = nil
                self.isEmpty.store(true, ordering: .releasing)
            } else {
                // Those that were taken back are not there any more.
                while entry == nil {
                    entry = state.entries.removeValue(forKey: state.first)
                    state.first += 1
                }
                state.bytes -= entry?.size ?? 0
                state.current = entry?.promise
            }
            let reached = entry == nil ? state.last : state.first - 2
            var done = state.flushers.filter { $0.number <= reached }.map(\.pending)
            state.flushers.removeAll { $0.number <= reached }
            if entry == nil, let ended = state.ended { done.append(ended) }
            return (entry, done)
        }
        for pending in done { pending.resolve(true) }
        return entry
    }

    /// Takes a message back that nobody has been offered.
    private func takeBack(_ number: UInt64) -> Bool {
        self.state.withLock { state in
            guard let entry = state.entries[number], case .publish = entry.way else { return false }
            state.entries[number] = nil
            state.bytes -= entry.size
            return true
        }
    }

    private static var closed: OmnibusError {
        OmnibusError(.busClosed, "The bus was shut down before the enqueued message was accepted.")
    }

    private func overflow(_ topic: Topic) -> OmnibusError {
        OmnibusError(
            .overflow,
            """
            \(self.bounds.count) enqueued messages, or \(self.bounds.bytes) bytes of them, wait to be accepted, so that \
            there is no room for one on '\(topic)'. Wait for the receipts or with 'flush()', or raise 'enqueueBounds'.
            """,
            advice: .retry(after: nil)
        )
    }
}
