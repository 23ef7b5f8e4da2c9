// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

package import OmnibusCore
import Synchronization

/// A place in which a request is handled, under the id that its message would have.
package struct RequestPlace: Sendable {
    package let lane: Lane
    package let loan: LaneMachine.Loan
    package let idHigh: UInt64
    package let idLow: UInt64
}

extension BrokerCore {
    /// Lends the place of a responder's worker that sleeps, and counts the request as published; nil where somebody else
    /// wants the request as well, or it has to wait.
    package func lend(on topic: Topic, for kind: Responder.Kind) -> RequestPlace? {
        let generation = self.generation.load(ordering: .acquiring)
        let milliseconds = self.milliseconds
        return self.stripe.takeUnretainedValue().state.withLock { state -> RequestPlace? in
            let cached = state.entry(for: topic, generation: generation, resolve: self.resolve)
            guard let lane = cached.route.onlyResponder, let loan = lane.lend(for: kind) else { return nil }
            cached.counts.published &+= 1
            let (high, low) = state.ids.nextBits(milliseconds: milliseconds)
            return RequestPlace(lane: lane, loan: loan, idHigh: high, idLow: low)
        }
    }
}
