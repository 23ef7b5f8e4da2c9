// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusCore
import Synchronization

extension BrokerCore {
    /// Adds to the counts of publish calls of a topic, or corrects them.
    ///
    /// The short path counts for itself, and a call that is looked up is counted with that; this is for everything else.
    func count(_ topic: Topic, _ calls: CallCounts) {
        self.stripe.takeUnretainedValue().state.withLock { $0.dropped[topic, default: CallCounts()] += calls }
    }
}
