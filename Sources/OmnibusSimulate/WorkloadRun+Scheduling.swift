// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Synchronization

extension WorkloadRun {
    /// Publishes a message that is delivered later, and cancels it where the workload says so.
    func schedule(_ name: String, _ plan: PublishPlan, _ delay: PublishPlan.Delay, by publisher: String) async {
        guard let message = try? self.message(name, plan) else { return }
        let wait = Duration.milliseconds(delay.milliseconds)
        let due = self.clock.uptime() + wait
        self.record(
            .published(
                name,
                by: publisher,
                topic: message.topic,
                key: message.key,
                priority: message.priority,
                expires: plan.timeToLive != nil
            )
        )
        self.record(.scheduled(name, due: due))
        do {
            let scheduled: ScheduledMessage
            // On threads, the wall clock may jump between the question and the call.
            if delay.isTime, self.isDeterministic {
                scheduled = try await self.bus.publish(message, at: self.clock.now.advanced(by: wait))
            } else {
                scheduled = try await self.bus.publish(message, after: wait)
            }
            self.record(.accepted(name, matched: nil))
            self.state.withLock { $0.accounting.calls.note(nil as PublishReceipt?) }
            guard let cancelled = delay.cancelled else { return }
            let canceller: Task<Void, Never> = self.environment.detach {
                try? await self.clock.sleep(for: .milliseconds(cancelled))
                await self.cancel(scheduled, name)
            }
            _ = canceller
        } catch let error as OmnibusError where error.code == .partiallyAccepted {
            // Due at once, it is published as any other.
            self.record(.accepted(name, matched: nil, missing: self.groups(missing: error)))
            self.state.withLock { $0.accounting.calls.note(.partiallyAccepted) }
        } catch {
            self.refused(name, error)
        }
    }

    private func cancel(_ scheduled: ScheduledMessage, _ name: String) async {
        do {
            guard try await scheduled.cancel() else { return }
            self.record(.cancelled(name))
            self.state.withLock { $0.accounting.calls.cancelled += 1 }
        } catch {
            self.state.withLock { $0.accounting.errors.append("'\(name)' could not be cancelled: \(error)") }
        }
    }
}
