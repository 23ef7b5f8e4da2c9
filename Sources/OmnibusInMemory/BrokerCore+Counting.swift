// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

package import OmnibusCore
import Synchronization

extension BrokerCore {
    /// Adds to the counts of publish calls of a topic, or corrects them.
    ///
    /// The short path counts for itself, and a call that is looked up is counted with that; this is for everything else.
    func count(_ topic: Topic, _ calls: CallCounts) {
        self.stripe.takeUnretainedValue().state.withLock { $0.dropped[topic, default: CallCounts()] += calls }
    }

    /// Counts a call that nobody listened to, and says so to those who want to know.
    func wasUnrouted(_ message: Message, _ calls: CallCounts) {
        self.count(message.topic, calls)
        self.signalUnrouted(message.topic, message.id)
    }

    /// Counts a call as refused that was counted as unrouted: the bus has ended while it waited.
    package func refusedInTheEnd(_ topic: Topic) {
        self.count(topic, CallCounts(unrouted: -1, refused: 1))
    }

    /// Tells those who listen to signals that nobody has listened to a message.
    package func signalUnrouted(_ topic: Topic, _ id: MessageID) {
        // Hardly anybody listens to the bus's own topics, dead letters say.
        guard !topic.isSystem else { return }
        self.signals.send {
            BusSignal(
                .unrouted,
                topic: topic,
                messageID: id,
                message: """
                    A message was published to '\(topic)' and nobody listens there; \
                    subscribe before publishing, or check the topic.
                    """
            )
        }
    }
}
