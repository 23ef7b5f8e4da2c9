// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import CloudEvents
import OmnibusJSON

extension CloudEvent {
    /// All attributes as texts, by name, to compare with a table; the time as the instant that it is.
    var attributeTexts: [String: String] {
        var texts = ["specversion": self.specversion, "id": self.id, "source": self.source, "type": self.type]
        texts["subject"] = self.subject
        texts["time"] = self.time?.description
        texts["datacontenttype"] = self.dataContentType
        texts["dataschema"] = self.dataSchema
        for (name, value) in self.extensions { texts[name] = value.canonicalText }
        return texts
    }

    /// The data as bytes, as binary mode has it.
    var dataBytes: [UInt8]? {
        switch self.data {
        case .json(let value): try? value.bytes()
        case .text(let text): Array(text.utf8)
        case .bytes(let bytes): bytes
        case nil: nil
        }
    }

    /// A table's attributes as texts: times in UTC, and what is null or no attribute left out.
    static func attributeTexts(of members: JSONValue?) -> [String: String] {
        var texts: [String: String] = [:]
        for member in members?.objectValue ?? [:] {
            switch member.value {
            case .null: continue
            case _ where member.name == "data" || member.name.hasPrefix("data_"): continue
            case .string(let text): texts[member.name] = Timestamp(text)?.description ?? text
            default: texts[member.name] = member.value.description
            }
        }
        return texts
    }
}
