// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A handler that has run out of time, was cancelled, and has not returned.
public struct StuckHandler: Sendable, CustomStringConvertible {
    /// The subscription whose handler it is.
    public let subscription: Subscription
    /// The subscription's queue, with the call that subscribed.
    public let queue: QueueIdentity
    /// The message that it handles.
    public let messageID: MessageID
    /// When its time was over.
    public let since: Timestamp

    /// The queue, the message, and since when.
    public var description: String {
        "the handler of \(self.queue) has ignored its cancellation since \(self.since), handling \(self.messageID)"
    }
}

extension EventBus {
    /// The handlers that have run out of time and not returned, the first to do so first.
    ///
    /// Each keeps its worker, and the key of its message, until it returns. A signal of the kind `stuck` is sent when
    /// a handler has not returned a second after its time was over.
    public var stuckHandlers: [StuckHandler] { self.stuck.all }
}

/// Keeps count of handlers that have run out of time.
final class StuckHandlers: Sendable {
    private struct State {
        var handlers: [UInt64: StuckHandler] = [:]
        var timers: [UInt64: TimerID] = [:]
        var last: UInt64 = 0
    }

    private let state = Mutex(State())
    private let clock: any BusClock
    private let signals: SignalHub

    init(clock: any BusClock, signals: SignalHub) {
        self.clock = clock
        self.signals = signals
    }

    var all: [StuckHandler] {
        self.state.withLock { state in state.handlers.sorted { $0.key < $1.key }.map(\.value) }
    }

    /// Notes that a handler's time is over; returns the number under which to remove it when it has returned.
    func add(_ handler: StuckHandler) -> UInt64 {
        let number = self.state.withLock { state in
            state.last += 1
            state.handlers[state.last] = handler
            return state.last
        }
        let due = self.clock.deadline(after: EventBus.cancellationGrace)
        let timer = self.clock.schedule(at: due) { self.report(number) }
        // Not under one lock with the handler, for a clock may fire at once. The caller alone removes it, later.
        self.state.withLock { $0.timers[number] = timer }
        return number
    }

    func remove(_ number: UInt64) {
        let timer = self.state.withLock { state in
            state.handlers[number] = nil
            return state.timers.removeValue(forKey: number)
        }
        if let timer { self.clock.cancel(timer) }
    }

    private func report(_ number: UInt64) {
        guard let handler = self.state.withLock({ $0.handlers[number] }) else { return }
        self.signals.send {
            BusSignal(
                .stuck,
                queue: handler.queue,
                messageID: handler.messageID,
                message: """
                    A handler has ignored its cancellation since \(handler.since); it keeps its place, and the key of \
                    its message, until it returns. Have it check 'Task.isCancelled'.
                    """
            )
        }
    }
}
