// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// What the documents ask of their values.
enum WireRules {
    /// What is wrong with an id that has to be a UUID.
    static func findings(uuid id: MessageID, _ name: String) -> [String] {
        // UUIDs may be written in upper case, which compares as another text.
        UUIDText.parse(id.description.lowercased().utf8) == nil
            ? ["'\(name)' is not a UUID such as 6f2c1d0e-8a3b-4c5d-9e7f-0123456789ab"] : []
    }

    /// What is wrong with a text that has to be there.
    static func findings(text: String, _ name: String) -> [String] {
        if text.isEmpty { return ["'\(name)' is empty"] }
        guard let offset = HeaderRules.forbiddenCharacter(in: text) else { return [] }
        return ["'\(name)' holds a control character or noncharacter at byte \(offset)"]
    }

    /// What is wrong with a text that has to be a topic.
    static func findings(topic: String, _ name: String) -> [String] {
        do throws(OmnibusError) {
            _ = try Topic(validating: topic)
            return []
        } catch {
            return ["'\(name)' is not a topic: \(error.message)"]
        }
    }

    /// What every document asks of a message: an id and a time.
    static func findings(_ message: Message) -> [String] {
        var findings: [String] = []
        if !message.hasID { findings.append("the message has no id; set one, or publish it") }
        if message.createdAt == nil, message.acceptedAt == nil {
            findings.append("the message has no time; set 'createdAt', or publish it")
        }
        return findings
    }
}

extension JSONValue {
    /// Writes a document.
    func wireBytes(_ document: String) throws(OmnibusError) -> [UInt8] {
        do throws(JSONError) {
            return try self.bytes()
        } catch {
            throw OmnibusError(
                .unencodable,
                "The \(document) cannot be written as JSON; see the cause.",
                advice: .deadLetter,
                cause: error
            )
        }
    }
}
