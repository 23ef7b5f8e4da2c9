// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import CloudEvents

extension Message: Equatable {
    /// Compares everything that a reader can see; payloads as ``Payload`` does, typed ones by their bytes.
    ///
    /// Texts are compared byte by byte, as topics and ids are: two spellings of one letter differ.
    public static func == (left: Message, right: Message) -> Bool {
        left.topic == right.topic
            && ExactText.isSame(left.key, right.key)
            && left.id == right.id
            && left.acceptedAt == right.acceptedAt
            && left.priority == right.priority
            && Self.haveEqualFields(left, right)
            && left.payload == right.payload
    }

    private static func haveEqualFields(_ left: Message, _ right: Message) -> Bool {
        if left.extras === right.extras { return true }
        return left.type == right.type
            && ExactText.isSame(left.source, right.source)
            && ExactText.isSame(left.subject, right.subject)
            && ExactText.isSame(left.contentType, right.contentType)
            && ExactText.isSame(left.dataSchema, right.dataSchema)
            && ExactText.isSame(left.sequence, right.sequence)
            && left.headers == right.headers
            && left.createdAt == right.createdAt
            && left.correlationID == right.correlationID
            && left.causationID == right.causationID
            && left.replyTo == right.replyTo
            && left.storedTraceContext == right.storedTraceContext
            && ExactText.isSame(left.parentSpanID, right.parentSpanID)
            && left.timeToLive == right.timeToLive
            && left.authentication == right.authentication
    }
}
