// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

extension Lane {
    /// What became of a message that is offered again.
    enum ReturnOutcome: Sendable {
        case accepted
        /// There is no room, and the caller does not wait, or has waited long enough.
        case noRoom
        case closed
        case cancelled
    }

    /// Offers a message again that was kept with care: within the bounds, and never dropped by the overflow policy.
    ///
    /// - Parameter mayWait: whether to wait for room where the queue has publishers wait.
    func offerAgain(_ message: Message, mayWait: Bool) async -> ReturnOutcome {
        let entry = HeldEntry(message: message)
        if self.hasRoom(for: message) { return self.offer(entry, mode: .returned) == .accepted ? .accepted : .closed }
        guard mayWait, case .suspend(let limit) = self.settings.overflow else { return .noRoom }
        switch await self.waitForRoom(for: entry, atMost: limit) {
        case .stored: return .accepted
        case .closed: return .closed
        case .cancelled: return .cancelled
        case .timedOut: return .noRoom
        }
    }

    private func hasRoom(for message: Message) -> Bool {
        let size = message.payload.estimatedSize
        let (priority, key) = (message.priority, message.routingKey)
        return self.state.withLock { $0.machine.hasRoom(for: size, priority, key: key) }
    }
}

extension LaneMachine {
    /// Whether a message fits into the bounds now, whoever else waits for room.
    fileprivate func hasRoom(for size: Int, _ priority: Priority, key: String?) -> Bool {
        // One that has ended says so when it is offered something.
        if self.isClosed { return true }
        let bounds = self.settings.bounds
        var (count, bytes) = (self.boundedCount, self.boundedBytes)
        if priority == .critical {
            (count, bytes) = (self.others?.control.count ?? 0, self.others?.control.bytes ?? 0)
        } else if let key, self.settings.ordering == .key, self.keys.isHeld(key), !self.hasRoom(behind: key, for: size)
        {
            return false
        }
        return count < bounds.count && (count == 0 || bytes + size <= bounds.bytes)
    }
}
