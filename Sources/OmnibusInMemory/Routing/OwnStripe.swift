// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

package import OmnibusCore
import Synchronization

extension BrokerCore {
    /// The stripe of one publisher: its route stays resolved, whatever else its threads publish.
    package final class OwnStripe: Sendable {
        package let core: BrokerCore
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

        /// Hands an event to all who want it, as ``BrokerCore`` does with the stripe that it has found.
        package func offerDirectly(_ event: inout OfferedEvent, topic: Topic, key: String?) -> DirectOffer {
            self.core.offerDirectly(&event, topic, key, self.stripe)
        }
    }

    package func makeStripe() -> OwnStripe {
        OwnStripe(core: self)
    }
}
