// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

public import Omnibus
import Synchronization

/// A gate that holds handlers until the test lets them go on.
///
/// ```swift
/// let gate = Gate()
/// try await bus.subscribe(to: TaskCreated.self) { _ in try await gate.pass() }
/// try await bus.publish(TaskCreated(taskID: "1", prompt: "…"))
/// try await gate.arrivals(1)      // the handler runs, and is held
/// …
/// gate.open()
/// ```
public final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var held: [Pending<Bool>] = []
    }

    private let state = Mutex(State())
    private let arrived = EventRecorder<Void>()

    /// Creates a gate that is shut.
    public init() {}

    /// Waits until the gate is open; an open gate is passed at once.
    ///
    /// - Throws: ``OmnibusError`` with the code `cancelled` when the calling task is cancelled.
    public func pass() async throws(OmnibusError) {
        guard await self.wait(whenCancelled: false) else {
            throw OmnibusError(.cancelled, "The task was cancelled while it waited at a gate.")
        }
    }

    /// Waits until the gate is open, even if the task is cancelled: what a handler does that ignores cancellation.
    public func passStubbornly() async {
        _ = await self.wait(whenCancelled: nil)
    }

    /// Opens the gate for those who wait and for those who come.
    public func open() {
        let held = self.state.withLock { state in
            state.isOpen = true
            defer { state.held = [] }
            return state.held
        }
        for pending in held { pending.resolve(true) }
    }

    /// Lets one of those who wait go on, the first that came; the gate stays shut. Nobody there, nothing happens.
    public func letOneThrough() {
        let first = self.state.withLock { $0.held.isEmpty ? nil : $0.held.removeFirst() }
        first?.resolve(true)
    }

    /// Waits until so many have come to the gate since it was made, those that have passed included.
    ///
    /// - Throws: ``OmnibusError`` with the code `cancelled` when the calling task is cancelled.
    public func arrivals(_ count: Int) async throws(OmnibusError) {
        guard await self.arrived.hasRecorded(count) else {
            throw OmnibusError(
                .cancelled,
                "The task was cancelled while it waited for arrival \(count) at a gate; \(self.arrived.count) came."
            )
        }
    }

    private func wait(whenCancelled substitute: Bool?) async -> Bool {
        let pending = self.state.withLock { state -> Pending<Bool>? in
            if state.isOpen { return nil }
            let pending = Pending<Bool>()
            state.held.append(pending)
            return pending
        }
        self.arrived.record(())
        guard let pending else { return true }
        guard let substitute else { return await pending.value() }
        let mayPass = await pending.value(whenCancelled: substitute)
        if !mayPass { self.state.withLock { state in state.held.removeAll { $0 === pending } } }
        return mayPass
    }
}
