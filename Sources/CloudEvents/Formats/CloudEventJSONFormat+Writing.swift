// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

public import OmnibusJSON

extension CloudEventJSONFormat {
    /// Returns an event as a JSON object: the attributes of the specification, extensions by name, and the data.
    public static func value(of event: CloudEvent) throws(CloudEventError) -> JSONValue {
        var members: [(String, JSONValue)] = [
            ("specversion", .string(event.specversion)), ("id", .string(event.id)), ("source", .string(event.source)),
            ("type", .string(event.type)),
        ]
        if let subject = event.subject { members.append(("subject", .string(subject))) }
        if let time = event.time { members.append(("time", .string(time.description))) }
        if let type = event.dataContentType { members.append(("datacontenttype", .string(type))) }
        if let schema = event.dataSchema { members.append(("dataschema", .string(schema))) }
        for (name, value) in event.extensions.sorted(by: { $0.key < $1.key }) {
            members.append((name, Self.value(of: value)))
        }
        if let data = try Self.data(of: event) { members.append(data) }
        return .object(JSONObject(members))
    }

    private static func value(of attribute: CloudEventAttributeValue) -> JSONValue {
        switch attribute {
        case .boolean(let boolean): .bool(boolean)
        case .integer(let integer): .integer(Int64(integer))
        default: .string(attribute.canonicalText)
        }
    }

    /// The member that holds the data.
    private static func data(of event: CloudEvent) throws(CloudEventError) -> (String, JSONValue)? {
        // Without a content type, data is JSON.
        let isJSON = event.dataContentType.map { MediaType($0)?.isJSON == true } ?? true
        switch event.data {
        case .json(let value) where isJSON: return ("data", value)
        case .json(let value): return ("data_base64", .string(Base64.encode(try Self.bytes(of: value))))
        case .text(let text) where isJSON && event.dataContentType != nil:
            do throws(JSONError) {
                return ("data", try JSONValue(parsing: text, limits: JSONLimits(depth: JSONLimits.greatestDepth)))
            } catch {
                throw CloudEventError(
                    .invalidData,
                    attribute: "data",
                    rule: .dataEncoding,
                    found: "a text that is not JSON (\(error.code))",
                    expected: "JSON, by the content type"
                )
            }
        case .text(let text): return ("data", .string(text))
        case .bytes(let bytes): return ("data_base64", .string(Base64.encode(bytes)))
        case nil: return nil
        }
    }

    /// The text of a value, which can have numbers that JSON cannot say in its data alone.
    static func bytes(of value: JSONValue) throws(CloudEventError) -> [UInt8] {
        do throws(JSONError) {
            return try value.bytes()
        } catch {
            throw CloudEventError(
                .invalidData,
                attribute: "data",
                rule: .dataEncoding,
                found: error.found,
                expected: error.expected
            )
        }
    }
}
