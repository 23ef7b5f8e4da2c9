// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

package import CloudEvents

/// The layout of a queue of events of one type.
package final class EventLayout<E: Event>: ValueLayout<E>, @unchecked Sendable {
    private let codec: any PayloadCodec

    package init(codec: any PayloadCodec) {
        self.codec = codec
        super.init(priority: E.priority)
    }

    package override func takeMessage(
        _ value: UnsafeMutableRawPointer,
        _ header: borrowing EntryHeader,
        key: String?,
        _ route: MessageDefaults
    ) -> Message {
        let event = value.assumingMemoryBound(to: E.self).move()
        return Message(
            event,
            topic: route.topic,
            id: MessageID(high: header.idHigh, low: header.idLow),
            key: key,
            extras: header.rare?.extras ?? route.extras(header.origin),
            codec: self.codec
        )
    }
}

extension Message {
    /// Makes the message of an event that was accepted under an id.
    package init<E: Event>(
        _ event: E,
        topic: Topic,
        id: MessageID,
        key: String?,
        extras: MessageExtras?,
        codec: any PayloadCodec
    ) {
        self.init(
            topic: topic,
            key: key,
            payload: Payload(storage: .typed(TypedBox(event, codec: codec, estimatedSize: event.estimatedSize))),
            id: id,
            acceptedAt: id.createdAt,
            priority: E.priority,
            extras: extras
        )
        let type = event.eventType
        if type.rawValue != topic.name { self.type = type }
        if let subject = event.eventSubject { self.subject = subject }
    }
}
