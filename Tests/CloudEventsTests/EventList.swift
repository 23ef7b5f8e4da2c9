// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import CloudEvents
import OmnibusJSON

/// The events of a list in YAML, as far as these lists use it: nested keys, plain and quoted texts, blocks after `|`.
enum EventList {
    static func events(in text: String) throws -> [CloudEvent] {
        var documents: [[Substring]] = [[]]
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line == "---" {
                documents.append([])
            } else if !line.hasPrefix("#") {
                documents[documents.count - 1].append(line)
            }
        }
        return try documents.filter { $0.contains { !$0.isEmpty } }.map { try self.event(of: self.values(in: $0)) }
    }

    /// The texts in a document, by their keys without the keys around them.
    private static func values(in lines: [Substring]) -> [String: String] {
        var values: [String: String] = [:]
        var rest = lines[...]
        while let line = rest.popFirst() {
            let depth = line.prefix { $0 == " " }.count
            guard let colon = line.firstIndex(of: ":") else { continue }
            let key = line[..<colon].split(separator: " ").joined()
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            if value == "|" {
                let block = rest.prefix { $0.isEmpty || $0.prefix { $0 == " " }.count > depth }
                rest = rest[block.endIndex...]
                let inner = block.first.map { $0.prefix { $0 == " " }.count } ?? 0
                values[key] = block.filter { !$0.isEmpty }.map { $0.dropFirst(inner) }.joined(separator: "\n")
            } else if !value.isEmpty {
                values[key] = value.split(separator: "\"").joined()
            }
        }
        return values
    }

    private static func event(of values: [String: String]) throws -> CloudEvent {
        let contentType = values["datacontenttype"]
        let isJSON = contentType?.contains("json") ?? true
        let data = try values["Data"].map { isJSON ? CloudEventData.json(try JSONValue(parsing: $0)) : .text($0) }
        var event = try CloudEvent(
            id: values["id"] ?? "",
            source: values["source"] ?? "",
            type: values["type"] ?? "",
            time: values["time"].map { try Timestamp(parsing: $0) },
            dataContentType: contentType,
            data: data
        )
        for (name, value) in values where name.hasPrefix("comexample") {
            try event.setExtension(name, to: .string(value))
        }
        return event
    }
}

extension CloudEvent {
    /// The event with another content type.
    func with(dataContentType: String) throws -> CloudEvent {
        try CloudEvent(
            id: self.id,
            source: self.source,
            type: self.type,
            subject: self.subject,
            time: self.time,
            dataContentType: dataContentType,
            dataSchema: self.dataSchema,
            data: self.data,
            extensions: self.extensions
        )
    }
}
