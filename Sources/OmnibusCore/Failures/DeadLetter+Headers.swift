// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

extension DeadLetter {
    /// The header that every notice of a dead letter has: the id of the message that was given up on.
    private static let noticeHeader = "omnibus-dead-message"

    /// Whether a message is the notice of a dead letter, or was made from one.
    ///
    /// No dead letter is made of it: where the handler of notices fails, the next notice would come to the same one.
    package static func isNotice(_ message: Message) -> Bool {
        message.topic.isSystem || message.headers[self.noticeHeader] != nil
    }

    /// The headers that tell who reads a dead letter from its topic what happened.
    package func headers(adding headers: MessageHeaders) -> MessageHeaders {
        var headers = headers
        headers.put(.text(HeaderRules.cleaned(self.message.id.description)), for: Self.noticeHeader)
        headers.put(.text(self.message.topic.name), for: "omnibus-dead-topic")
        headers.put(.text(self.reason.name), for: "omnibus-dead-reason")
        headers.put(.integer(Int64(self.attemptCount)), for: "omnibus-dead-attempts")
        headers.put(.text(self.pattern.description), for: "omnibus-dead-pattern")
        if let group = self.group { headers.put(.text(HeaderRules.cleaned(group)), for: "omnibus-dead-group") }
        if case .rejected(let reason) = self.reason {
            headers.put(.text(HeaderRules.cleaned(reason)), for: "omnibus-dead-error")
        }
        if let error = self.lastError {
            let text = HeaderRules.cleaned("\(error.errorType): \(error.error)")
            headers.put(.text(text), for: "omnibus-dead-error")
        }
        return headers
    }

    /// The message that tells those who listen to dead letters of this one.
    package func notice(on topic: Topic) -> Message {
        var notice = self.message
        notice.topic = topic
        notice.id = self.id
        notice.acceptedAt = self.time
        notice.causationID = self.message.id
        notice.correlationID = self.message.correlationID
        notice.timeToLive = nil
        notice.replyTo = nil
        notice.type = self.message.type
        notice.headers = self.headers(adding: self.message.headers)
        return notice
    }
}

extension Message {
    /// Writes how many attempts there have been before.
    package mutating func countRetries(_ count: Int) {
        var headers = self.headers
        headers.setRetryCount(count)
        self.headers = headers
    }
}
