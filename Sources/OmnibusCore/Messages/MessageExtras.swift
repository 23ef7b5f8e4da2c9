// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

package import CloudEvents

/// The rare fields of a message, each nil unless it was set.
package struct MessageFields: Sendable {
    package var type: EventType?
    package var source: String?
    package var subject: String?
    package var contentType: String?
    package var dataSchema: String?
    package var sequence: String?
    package var headers = MessageHeaders()
    /// The types that the attributes of an event had, by their headers' names: those for which headers have no kind of
    /// their own. They count as long as the header is such a text.
    package var attributeTypes: [String: CloudEventAttributeType] = [:]
    package var createdAt: Timestamp?
    package var correlationID: MessageID?
    package var causationID: MessageID?
    package var replyTo: Topic?
    package var traceContext: TraceContext?
    package var parentSpanID: String?
    package var timeToLive: Duration?
    /// When the time to live is over, where an instant was given; until the message is accepted, from when on the time to
    /// live says it.
    package var endsAt: Timestamp?
    package var authentication: AuthMetadata?

    package init() {}
}

/// The box of a message's rare fields, shared by the copies of a message until one of them is changed.
///
/// A message of which nothing rare is set has none, so that it allocates nothing. Several messages may share one.
// SAFETY: `fields` is changed only by `Message.changeFields`, and only while one message alone refers to the box; the
// suite "Message extras" leans on it.
package final class MessageExtras: @unchecked Sendable {
    package fileprivate(set) var fields: MessageFields

    package init(_ fields: MessageFields) {
        self.fields = fields
    }
}

extension Message {
    /// Changes the rare fields, in a box of this message's own.
    mutating func changeFields(_ change: (inout MessageFields) -> Void) {
        if isKnownUniquelyReferenced(&self.extras), let extras = self.extras {
            change(&extras.fields)
            return
        }
        var fields = self.extras?.fields ?? MessageFields()
        change(&fields)
        self.extras = MessageExtras(fields)
    }
}
