// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import CloudEvents
import OmnibusJSON

extension ProtocolMessage {
    /// Reads a message from a line: headers as an object or as an array of pairs, and the body in Base64.
    init(line: [UInt8], _ binding: ProtocolBinding) throws(CloudEventError) {
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue(parsing: line)
        } catch {
            let expected = "a message as a JSON object"
            guard error.code == .duplicateKey, let offset = error.position?.offset else {
                throw Self.error(attribute: nil, found: error.description, expected: expected)
            }
            // A header again, in an object of headers.
            let name = String(decoding: line.dropFirst(offset + 1).prefix { $0 != UInt8(ascii: "\"") }, as: UTF8.self)
            throw CloudEventError(
                .duplicateAttribute,
                attribute: binding.attribute(named: name),
                rule: .distinctAttributes,
                found: "the header '\(name)' again",
                expected: "each header once"
            )
        }
        guard case .object(let members) = value else {
            throw Self.error(attribute: nil, found: "no JSON object", expected: "a message as a JSON object")
        }
        self.init()
        switch members["headers"] {
        case nil, .null?: break
        case .object(let headers)?:
            for header in headers { try self.append(header.name, header.value, binding) }
        case .array(let pairs)?:
            for pair in pairs {
                guard case .array(let pair) = pair, pair.count == 2, let name = pair[0].stringValue else {
                    throw Self.error(attribute: nil, found: "something else", expected: "pairs of a name and a value")
                }
                try self.append(name, pair[1], binding)
            }
        default: throw Self.error(attribute: nil, found: "something else", expected: "headers as an object or an array")
        }
        switch members["body"] {
        case nil, .null?: break
        case .string(let text)?:
            guard
                case .binary(let bytes) = try CloudEventAttributeValue(
                    canonicalText: text,
                    type: .binary,
                    attribute: "data"
                )
            else { return }
            self.body = bytes
        default: throw Self.error(attribute: "data", found: "something else", expected: "the body as Base64")
        }
        if case .string(let key)? = members["key"] { self.key = key }
    }

    private mutating func append(
        _ name: String,
        _ value: JSONValue,
        _ binding: ProtocolBinding
    ) throws(CloudEventError) {
        switch value {
        case .string(let text): self.headers.append(.init(name: name, value: .string(text)))
        case .bool(let boolean): self.headers.append(.init(name: name, value: .boolean(boolean)))
        case .integer(let integer) where Int32(exactly: integer) != nil:
            self.headers.append(.init(name: name, value: .integer(Int32(truncatingIfNeeded: integer))))
        default:
            throw CloudEventError(
                .invalidValue,
                attribute: binding.attribute(named: name),
                rule: .attributeType,
                found: "another value",
                expected: "a string, an integer or a boolean"
            )
        }
    }

    private static func error(attribute: String?, found: String, expected: String) -> CloudEventError {
        CloudEventError(.invalidFormat, attribute: attribute, found: found, expected: expected)
    }
}

extension ProtocolBinding {
    /// The attribute that a header is, for errors; the header's own name where it is none.
    fileprivate func attribute(named header: String) -> String {
        self.isContentType(header) ? "datacontenttype" : self.attribute(ofHeader: header) ?? header
    }

    /// Writes a message as a line.
    func line(of message: ProtocolMessage) -> [UInt8] {
        var headers = JSONObject()
        for header in message.headers {
            switch header.value {
            case .boolean(let boolean): headers[header.name] = .bool(boolean)
            case .integer(let integer): headers[header.name] = .integer(Int64(integer))
            default: headers[header.name] = .string(header.value.canonicalText)
            }
        }
        let body = CloudEventAttributeValue.binary(message.body).canonicalText
        var line = JSONObject([("headers", .object(headers)), ("body", .string(body))])
        if let key = message.key { line["key"] = .string(key) }
        // Texts, integers and booleans can always be written.
        return (try? JSONValue.object(line).bytes()) ?? []
    }
}
