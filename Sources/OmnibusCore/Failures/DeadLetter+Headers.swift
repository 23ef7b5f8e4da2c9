// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

extension DeadLetter {
    /// The headers that tell who reads a dead letter from its topic what happened.
    package func headers(adding headers: MessageHeaders) -> MessageHeaders {
        var headers = headers
        headers.put(.text(self.message.id.description), for: "omnibus-dead-message")
        headers.put(.text(self.message.topic.name), for: "omnibus-dead-topic")
        headers.put(.text(self.reason.name), for: "omnibus-dead-reason")
        headers.put(.integer(Int64(self.attempts.count)), for: "omnibus-dead-attempts")
        headers.put(.text(self.pattern.description), for: "omnibus-dead-pattern")
        if let group = self.group { headers.put(.text(group), for: "omnibus-dead-group") }
        if case .rejected(let reason) = self.reason {
            headers.put(.text(HeaderRules.cleaned(reason)), for: "omnibus-dead-error")
        }
        if let error = self.lastError {
            let text = HeaderRules.cleaned("\(error.errorType): \(error.error)")
            headers.put(.text(text), for: "omnibus-dead-error")
        }
        return headers
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
