// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// What a protocol carries for an event: headers and a body.
///
/// Headers are HTTP and NATS headers, Kafka record headers, AMQP application properties, and MQTT user properties. The
/// content type, which AMQP and MQTT keep apart from those, is the header `content-type` in all of them.
public struct ProtocolMessage: Sendable, Hashable {
    /// A header of a message.
    public struct Header: Sendable, Hashable {
        /// What the header is called.
        public var name: String
        /// What it says: a string, or what AMQP has other types for; bytes where a text came that may not be UTF-8.
        public var value: CloudEventAttributeValue

        /// Creates a header from its name and value.
        public init(name: String, value: CloudEventAttributeValue) {
            self.name = name
            self.value = value
        }

        /// The value as text, without the blanks around it; bytes as the UTF-8 that they are in Kafka.
        var text: String {
            let text: String
            if case .binary(let bytes) = self.value, let decoded = String(validating: bytes, as: UTF8.self) {
                text = decoded
            } else {
                text = self.value.canonicalText
            }
            let bytes = text.utf8.drop { $0 == 0x20 || $0 == 0x09 }
            guard let end = bytes.lastIndex(where: { $0 != 0x20 && $0 != 0x09 }) else { return "" }
            return String(Substring(bytes[...end]))
        }
    }

    /// The headers, in order.
    public var headers: [Header]
    /// The body: the payload, the value of a record.
    public var body: [UInt8]
    /// The key of a Kafka record; nil where there is none, and in all other protocols.
    public var key: String?

    /// Creates a message from headers and body.
    public init(headers: [Header] = [], body: [UInt8] = [], key: String? = nil) {
        self.headers = headers
        self.body = body
        self.key = key
    }

    /// Creates a message from headers that are texts, and a body.
    public init(headers: [(String, String)], body: [UInt8] = []) {
        self.init(headers: headers.map { Header(name: $0.0, value: .string($0.1)) }, body: body)
    }

    /// The value of the first header of that name as text without the blanks around it, in any case of letters; bytes are
    /// taken for UTF-8 where they are, and are Base64 otherwise.
    public subscript(name: String) -> String? {
        let name = name.lowercased()
        return self.headers.first { $0.name.lowercased() == name }?.text
    }
}
