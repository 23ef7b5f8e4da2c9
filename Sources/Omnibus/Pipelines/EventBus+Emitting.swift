// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

extension EventBus {
    /// Publishes an event that must not disturb whoever publishes it: the call never suspends and never throws.
    ///
    /// Where there is no room, it waits in memory (``enqueue(_:)-(E)``). What cannot be published is counted
    /// (``failedEmissions``) and told by a signal of the kind `unpublished`.
    public func emit<E: Event>(_ event: E) {
        do throws(OmnibusError) {
            self.watch(try self.enqueue(event))
        } catch {
            self.emissionFailed(event.eventTopic, error)
        }
    }

    /// Publishes a message that must not disturb whoever publishes it: the call never suspends and never throws.
    public func emit(_ message: Message) {
        do throws(OmnibusError) {
            self.watch(try self.enqueue(message))
        } catch {
            self.emissionFailed(message.topic, error)
        }
    }

    /// How many events could not be emitted.
    public var failedEmissions: Int { self.emissionFailures.count }

    /// Counts the failure of what was enqueued and is refused later.
    private func watch(_ receipt: PendingReceipt) {
        receipt.whenFailed { [emissionFailures] in emissionFailures.add() }
    }

    private func emissionFailed(_ topic: Topic, _ error: OmnibusError) {
        self.emissionFailures.add()
        self.signals.send {
            BusSignal(.unpublished, topic: topic, message: "An event could not be emitted: \(error)")
        }
    }
}

/// Counts what could not be emitted.
final class EmissionFailures: Sendable {
    private let failures = Atomic<Int>(0)

    var count: Int { self.failures.load(ordering: .relaxed) }

    func add() { self.failures.wrappingAdd(1, ordering: .relaxed) }
}
