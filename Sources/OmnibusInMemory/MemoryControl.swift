// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

package import OmnibusCore

/// What the handles of the in-memory broker ask of it.
package struct MemoryControl: SubscriptionControl {
    let core: BrokerCore

    package init(core: BrokerCore) {
        self.core = core
    }

    package func cancel(_ id: SubscriptionID) async {
        self.core.unsubscribe(id)
    }

    package func pause(_ id: SubscriptionID) async throws(OmnibusError) {
        try self.core.setPaused(true, id)
    }

    package func resume(_ id: SubscriptionID) async throws(OmnibusError) {
        try self.core.setPaused(false, id)
    }

    package func seek(_ id: SubscriptionID, to start: StartPosition) async throws(OmnibusError) {
        try self.core.seek(id, to: start)
    }

    package func ack(_ message: MessageID, _ id: SubscriptionID) async throws(OmnibusError) {
        let lane = self.core.lanes.first { $0.token(of: message, member: id) != nil }
        guard let lane, let token = lane.token(of: message, member: id) else {
            throw id.noDelivery(of: message)
        }
        try lane.settle(Settlement(token, .ack))
    }
}
