// Part of Omnibus, an event bus that a Swift program links and runs inside itself.
// SPDX-License-Identifier: Apache-2.0

package import OmnibusCore
import Synchronization

extension BrokerCore {
    /// The stripe of one publisher: its route stays resolved, whatever else its threads publish.
    package final class OwnStripe: Sendable {
        private let core: BrokerCore
        private let stripe: PublishStripe

        init(core: BrokerCore) {
            self.core = core
            self.stripe = PublishStripe(seed: core.environment.random.next())
            let stripe = self.stripe
            core.table.withLock { $0.ownStripes[ObjectIdentifier(stripe)] = stripe }
        }

        deinit {
            // What was published on it has to stay in the counts.
            let stripe = self.stripe
            self.core.collectCounts(of: stripe)
            self.core.table.withLock { $0.ownStripes[ObjectIdentifier(stripe)] = nil }
        }

        /// Publishes a value that becomes a message only where somebody needs one.
        @inline(__always)
        package func offer<Value: Sendable>(
            _ value: borrowing Value,
            _ published: borrowing PublishedValue,
            scope: DeliveryScope?,
            makeMessage: (MessageID, MessageExtras?) -> Message
        ) throws(OmnibusError) -> Offer {
            try self.core.offer(value, published, scope: scope, on: self.stripe, makeMessage: makeMessage)
        }
    }

    package func makeStripe() -> OwnStripe {
        OwnStripe(core: self)
    }
}
