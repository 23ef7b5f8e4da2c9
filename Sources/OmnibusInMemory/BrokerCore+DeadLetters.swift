// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

package import OmnibusCore
import Synchronization

extension BrokerCore: DeadLetterHost {
    package func makeID() -> MessageID {
        let milliseconds = self.environment.clock.coarseWallNanoseconds() / 1_000_000
        return self.stripe.takeUnretainedValue().state.withLock { $0.ids.next(milliseconds: milliseconds) }
    }

    package func lane(for letter: DeadLetter) -> Lane? {
        self.table.withLock { table in
            if let group = letter.group {
                let key = Routing.GroupKey(group: group, pattern: letter.pattern)
                return table.groups[key].flatMap { table.lanes[$0] }
            }
            return table.lanes.values.first { $0.id == letter.lane }
        }
    }

    package func publish(notice: Message) {
        // Nobody waits for this publish: a full queue of dead letters drops the notice, and the store has the letter.
        _ = try? self.offer(notice, origin: 0, cause: nil, allowsSystem: true, isAgain: true, mode: .handler)
    }

    package func publish(again message: Message, mayWait: Bool) async throws(OmnibusError) -> PublishReceipt {
        let mode: LaneMachine.OfferMode = mayWait ? .outside : .handler
        switch try self.offer(message, origin: 0, cause: nil, isAgain: true, mode: mode) {
        case .accepted(let receipt): return receipt
        case .wait(let token): return try await token.wait()
        case .refused(let error): throw error
        }
    }
}
