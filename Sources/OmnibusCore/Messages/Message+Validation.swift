// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import CloudEvents

extension Message {
    /// Checks everything that can be known without a broker; publishing calls this.
    ///
    /// Texts that travel as header fields (id, key, type, source, subject and so on) are not empty and hold no control
    /// character; headers are as ``MessageHeaders`` says; a time to live is more than zero and at most ``maximumTimeToLive``. The size and the rules of the
    /// topic are the broker's to check.
    ///
    /// - Throws: `.invalidMessage`, or `.invalidHeader` if nothing but headers is wrong, naming all findings.
    public func validate() throws(OmnibusError) {
        if self.isPlain { return }
        let findings = self.findings
        let headerFindings = self.extras?.fields.headers.findings ?? []
        guard !findings.isEmpty || !headerFindings.isEmpty else { return }
        throw OmnibusError(
            findings.isEmpty ? .invalidHeader : .invalidMessage,
            "the message for \(self.topic) cannot be sent: " + (findings + headerFindings).joined(separator: "; ")
        )
    }

    /// Everything that ``validate()`` would name, in one text; nil if it would name nothing.
    var finding: String? {
        if self.isPlain { return nil }
        let findings = self.findings + (self.extras?.fields.headers.findings ?? [])
        return findings.isEmpty ? nil : findings.joined(separator: "; ")
    }

    /// Whether a look at each byte of key and id decides that the message is valid, as it does for most.
    private var isPlain: Bool {
        self.extras == nil && self.key.map(Self.isPlain) ?? true && Self.isPlain(self.id)
    }

    /// What is wrong with the message apart from its headers: a sentence each.
    private var findings: [String] {
        var findings: [String] = []
        func check(_ text: String?, _ name: String, hint: String = "use nil for none") {
            guard let text else { return }
            if text.isEmpty {
                findings.append("its \(name) is empty; \(hint)")
            } else if let offset = HeaderRules.forbiddenCharacter(in: text) {
                findings.append(
                    """
                    its \(name) \(HeaderRules.quoted(text)) holds a control character or noncharacter \
                    at byte \(offset)
                    """
                )
            }
        }
        func check(_ id: MessageID?, _ name: String) {
            if case .text(let text) = id?.storage { check(text, name) }
        }
        check(self.key, "key")
        check(self.id, "id")
        guard let fields = self.extras?.fields else { return findings }
        check(fields.type?.rawValue, "type", hint: "leave it out for the topic's text")
        check(fields.source, "source")
        check(fields.subject, "subject")
        check(fields.contentType, "content type")
        check(fields.dataSchema, "data schema")
        check(fields.sequence, "sequence")
        check(fields.correlationID, "correlation id")
        check(fields.causationID, "causation id")
        if let span = fields.parentSpanID, !StandardHeaderReader.isSpanID(span) {
            findings.append(
                """
                its parent span id \(HeaderRules.quoted(span)) is not 16 lower-case hexadecimal digits \
                other than all 0
                """
            )
        }
        if let timeToLive = fields.timeToLive {
            if timeToLive <= .zero {
                findings.append("its time to live is not above zero; use more than zero, or nil for no end")
            } else if timeToLive > Self.maximumTimeToLive {
                findings.append("its time to live is more than 10,000 years; use less, or nil for no end")
            }
        }
        for (text, name) in [
            (fields.authentication?.issuer, "authentication's issuer"),
            (fields.authentication?.clientID, "authentication's client id"),
        ] where text?.isEmpty == false {
            check(text, name)
        }
        return findings
    }

    private static func isPlain(_ text: String) -> Bool {
        !text.isEmpty && HeaderRules.forbiddenCharacter(in: text) == nil
    }

    private static func isPlain(_ id: MessageID) -> Bool {
        guard case .text(let text) = id.storage else { return true }
        return self.isPlain(text)
    }
}
