// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusCore
import Synchronization

/// What the queues of a route have answered to an offer.
struct QueueAnswers: Sendable {
    var full: [Lane] = []
    var refused: [Lane] = []
    var accepted = 0

    /// Offers a message to queues; returns what they have answered, and who is to be woken once all of them have it.
    @inline(__always)
    static func of(
        _ lanes: [Lane],
        _ offer: (Lane, inout Lane.AfterOffer) -> Lane.OfferOutcome
    ) -> (answers: QueueAnswers, waking: [Lane.AfterOffer]) {
        var answers = QueueAnswers()
        var waking: [Lane.AfterOffer] = []
        for lane in lanes {
            var after = Lane.AfterOffer()
            switch offer(lane, &after) {
            case .accepted: answers.accepted += 1
            case .full: answers.full.append(lane)
            case .refused: answers.refused.append(lane)
            case .closed: break
            }
            if after.isNeeded { waking.append(after) }
        }
        return (answers, waking)
    }
}

/// A publish that some queues have not accepted: who they are, and how to go on for them alone.
///
/// One made of a publish exists only once a queue was full. Whoever goes on has the turn until it has ended; others
/// that want to go on meanwhile wait for it, and go on with what it has left over.
final class UnfinishedPublish: Sendable {
    private struct State {
        var missing: [Lane]
        var accepted: Int
        var isBusy = false
        var waiters: [Pending<Bool>] = []
    }

    let core: BrokerCore
    let entry: HeldEntry
    private let state: Mutex<State>

    init(core: BrokerCore, entry: HeldEntry, missing: [Lane], accepted: Int) {
        self.core = core
        self.entry = entry
        self.state = Mutex(State(missing: missing, accepted: accepted))
    }

    /// How many queues and observers have the message.
    var accepted: Int { self.state.withLock { $0.accepted } }

    var missing: [Lane] { self.state.withLock { $0.missing } }

    var receipt: PublishReceipt {
        PublishReceipt(messageID: self.entry.message.id, matched: self.accepted, position: self.entry.position)
    }

    /// Waits for room in those that are full, side by side; returns whether the task was cancelled.
    ///
    /// It is for the call that has made this, which alone knows of it.
    func waitForRoom(in full: [Lane]) async -> Bool {
        let missing = self.missing
        let answers = await self.waited(for: full.filter { lane in missing.contains { $0 === lane } })
        self.state.withLock { state in
            state.missing.removeAll { lane in answers.isDone(lane) }
            state.accepted += answers.accepted
        }
        return answers.isCancelled
    }

    /// Offers the message to those who have not got it, and waits for room there unless a handler asks.
    ///
    /// - Throws: `partiallyAccepted`, whose details go on from there, or `cancelled` before anything was done.
    func resume() async throws(OmnibusError) -> PublishReceipt {
        try await self.takeTurn()
        let lanes = self.missing
        let mode: LaneMachine.OfferMode = DeliveryScope.active == nil ? .outside : .handler
        var answers = Waited()
        var full: [Lane] = []
        for lane in lanes {
            switch lane.offer(self.entry, mode: mode) {
            case .accepted: answers.accept(lane)
            case .closed: answers.ended.append(lane)
            case .refused: break
            case .full: full.append(lane)
            }
        }
        if !full.isEmpty { answers.add(await self.waited(for: full)) }
        self.endTurn(answers)
        let missing = self.missing
        guard missing.isEmpty else { throw self.core.overflow(self, missing: missing) }
        return self.receipt
    }

    // MARK: Turns

    private func takeTurn() async throws(OmnibusError) {
        while true {
            let waiter = Pending<Bool>()
            let isMine = self.state.withLock { state in
                guard state.isBusy else {
                    state.isBusy = true
                    return true
                }
                state.waiters.append(waiter)
                return false
            }
            if isMine { return }
            guard await waiter.value(whenCancelled: false) else {
                self.state.withLock { state in state.waiters.removeAll { $0 === waiter } }
                throw OmnibusError(
                    .cancelled,
                    """
                    The task was cancelled while somebody else went on with the message for \
                    '\(self.entry.message.topic)', and did nothing.
                    """
                )
            }
        }
    }

    private func endTurn(_ answers: Waited) {
        let waiters = self.state.withLock { state in
            state.missing.removeAll { lane in answers.isDone(lane) }
            state.accepted += answers.accepted
            state.isBusy = false
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resolve(true) }
    }

    // MARK: Waiting

    /// What has come of waiting for some queues.
    private struct Waited: Sendable {
        var taken: [Lane] = []
        /// Queues that nobody waits for any more.
        var ended: [Lane] = []
        var isCancelled = false

        var accepted: Int { self.taken.count }

        func isDone(_ lane: Lane) -> Bool {
            self.taken.contains { $0 === lane } || self.ended.contains { $0 === lane }
        }

        mutating func accept(_ lane: Lane) {
            self.taken.append(lane)
        }

        mutating func add(_ other: Waited) {
            self.taken += other.taken
            self.ended += other.ended
            self.isCancelled = self.isCancelled || other.isCancelled
        }

        mutating func add(_ outcome: Lane.RoomOutcome, of lane: Lane) {
            switch outcome {
            case .stored: self.taken.append(lane)
            case .closed: self.ended.append(lane)
            case .timedOut: break
            case .cancelled: self.isCancelled = true
            }
        }
    }

    private func waited(for lanes: [Lane]) async -> Waited {
        var waited = Waited()
        if let lane = lanes.first, lanes.count == 1 {
            waited.add(await self.waitForRoom(in: lane), of: lane)
            return waited
        }
        // Each in a task of its own: a queue has the message as soon as it has room, whatever the others do.
        await withTaskGroup(of: (Lane, Lane.RoomOutcome).self) { group in
            for lane in lanes { group.addTask { (lane, await self.waitForRoom(in: lane)) } }
            for await (lane, outcome) in group { waited.add(outcome, of: lane) }
        }
        return waited
    }

    private func waitForRoom(in lane: Lane) async -> Lane.RoomOutcome {
        guard case .suspend(let limit) = lane.settings.overflow else { return .timedOut }
        return await lane.waitForRoom(for: self.entry, atMost: limit)
    }
}
