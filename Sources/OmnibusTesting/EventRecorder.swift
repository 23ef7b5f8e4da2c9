// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

public import Omnibus
import Synchronization

/// A list of what has happened, which a test can wait on.
///
/// It records what a bus delivers, or what a handler tells it. Waiting ends when the thing has happened and never
/// because time has passed: give the test a limit of its own, such as Swift Testing's `.timeLimit(.minutes(1))`.
///
/// ```swift
/// let completed = try await bus.recorder(of: TaskCompleted.self)
/// try await bus.publish(TaskCreated(taskID: "1", prompt: "…"))
/// #expect(try await completed.next().taskID == "1")
/// ```
public final class EventRecorder<Element: Sendable>: Sendable {
    /// An element that was handed out, and which one it is, the first being 1.
    typealias Taken = (element: Element, number: Int)

    private struct State {
        var elements: [Element] = []
        /// How many elements ``next()`` has handed out.
        var taken = 0
        /// Who waits in ``next()``; there is somebody only while all elements were handed out.
        var takers: [Pending<Taken?>] = []
        /// Who waits for the list to have so many elements.
        var waiters: [(count: Int, pending: Pending<Bool>)] = []
    }

    private let state = Mutex(State())

    /// Creates an empty list.
    public init() {}

    /// Adds an element, and wakes up whoever has waited for it.
    public func record(_ element: Element) {
        let (taker, number, waiters) = self.state.withLock { state -> (Pending<Taken?>?, Int, [Pending<Bool>]) in
            state.elements.append(element)
            let count = state.elements.count
            let waiters = state.waiters.filter { $0.count <= count }.map(\.pending)
            state.waiters.removeAll { $0.count <= count }
            guard !state.takers.isEmpty else { return (nil, 0, waiters) }
            state.taken += 1
            return (state.takers.removeFirst(), state.taken, waiters)
        }
        taker?.resolve((element, number))
        for waiter in waiters { waiter.resolve(true) }
    }

    /// Everything that was recorded so far, in order.
    public var all: [Element] { self.state.withLock { $0.elements } }

    /// How many elements were recorded so far.
    public var count: Int { self.state.withLock { $0.elements.count } }

    /// How many elements were handed out so far.
    var taken: Int { self.state.withLock { $0.taken } }

    /// Waits for the next element, and hands out each one once.
    ///
    /// - Throws: ``RecorderFailure`` when the calling task is cancelled.
    public func next(file: String = #fileID, line: Int = #line) async throws(RecorderFailure) -> Element {
        try await self.take("one more element", CallSite(file: file, line: line)).element
    }

    /// Waits until at least so many elements were recorded since the start, and returns the first so many.
    ///
    /// - Throws: ``RecorderFailure`` when the calling task is cancelled.
    @discardableResult
    public func expect(
        _ count: Int,
        file: String = #fileID,
        line: Int = #line
    ) async throws(RecorderFailure) -> [Element] {
        guard await self.hasRecorded(count) else {
            throw RecorderFailure(
                .cancelled,
                expected: "\(count) elements",
                found: "the task was cancelled while it waited",
                in: self.all,
                CallSite(file: file, line: line)
            )
        }
        return self.state.withLock { Array($0.elements.prefix(max(0, count))) }
    }

    // MARK: Steps

    /// Hands out the next element.
    func take(_ expected: String, _ callSite: CallSite) async throws(RecorderFailure) -> Taken {
        let taker = Pending<Taken?>()
        if let taken = self.takeOrJoin(taker) { return taken }
        let taken = await withTaskCancellationHandler {
            await taker.value()
        } onCancel: {
            self.leave(taker)
        }
        if let taken { return taken }
        throw RecorderFailure(
            .cancelled,
            expected: expected,
            found: "the task was cancelled while it waited",
            in: self.all,
            callSite
        )
    }

    private func takeOrJoin(_ taker: Pending<Taken?>) -> Taken? {
        self.state.withLock { state in
            guard state.taken == state.elements.count else {
                defer { state.taken += 1 }
                return (state.elements[state.taken], state.taken + 1)
            }
            state.takers.append(taker)
            return nil
        }
    }

    /// Ends the waiting of a taker, unless an element is on its way to it already.
    private func leave(_ taker: Pending<Taken?>) {
        let wasThere = self.state.withLock { state in
            let index = state.takers.firstIndex { $0 === taker }
            if let index { state.takers.remove(at: index) }
            return index != nil
        }
        if wasThere { taker.resolve(nil) }
    }

    /// Waits until so many elements were recorded; returns false when the calling task is cancelled before.
    func hasRecorded(_ count: Int) async -> Bool {
        let pending = self.state.withLock { state -> Pending<Bool>? in
            if state.elements.count >= count { return nil }
            let pending = Pending<Bool>()
            state.waiters.append((count, pending))
            return pending
        }
        guard let pending, await !pending.value(whenCancelled: false) else { return true }
        self.state.withLock { state in state.waiters.removeAll { $0.pending === pending } }
        return false
    }
}

extension EventRecorder: CustomStringConvertible {
    /// How many elements there are; never what they hold.
    public var description: String { "EventRecorder with \(self.count) elements" }
}

extension EventBus {
    /// Records the events of a type that are delivered from now on.
    ///
    /// The recorder has a subscription of its own, which ends with the bus.
    ///
    /// - Throws: as for subscribing.
    public func recorder<E: Event>(
        of type: E.Type,
        file: String = #fileID,
        line: Int = #line
    ) async throws -> EventRecorder<E> {
        let recorder = EventRecorder<E>()
        try await self.subscribe(to: type, file: file, line: line) { recorder.record($0) }
        return recorder
    }

    /// Records the messages of a pattern that are delivered from now on.
    ///
    /// - Throws: as for subscribing.
    public func recorder(
        of pattern: TopicPattern,
        file: String = #fileID,
        line: Int = #line
    ) async throws -> EventRecorder<Message> {
        let recorder = EventRecorder<Message>()
        try await self.subscribe(to: pattern, file: file, line: line) { recorder.record($0.message) }
        return recorder
    }
}
