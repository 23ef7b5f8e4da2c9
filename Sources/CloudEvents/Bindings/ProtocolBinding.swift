// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// A protocol binding of CloudEvents 1.0.2: how an event becomes a message of a protocol, and back.
///
/// Bindings are pure functions between an event, and headers with a body; they send nothing. NATS has binary mode as
/// the specification after 1.0.2 defines it.
public enum ProtocolBinding: String, Sendable, Hashable, CaseIterable {
    /// HTTP: headers `ce-…`, percent-encoded.
    case http
    /// Kafka: headers `ce_…`.
    case kafka
    /// AMQP 1.0: application properties `cloudEvents:…`, typed; those of `cloudEvents_…` are read too.
    case amqp
    /// NATS: headers `ce-…`, percent-encoded.
    case nats
    /// MQTT 5: user properties of the attributes' own names; MQTT 3.1.1 has structured mode alone.
    case mqtt
}

extension ProtocolBinding {
    /// The name of the header that holds the content type.
    static let contentType = "content-type"

    /// What is before the names of attributes when they are written.
    var prefix: String {
        switch self {
        case .http, .nats: "ce-"
        case .kafka: "ce_"
        case .amqp: "cloudEvents:"
        case .mqtt: ""
        }
    }

    /// Whether the case of letters in the names of headers says nothing.
    var ignoresCase: Bool { self == .http || self == .nats }

    /// Whether values are percent-encoded.
    var isPercentEncoded: Bool { self == .http || self == .nats }

    /// The attribute that a header holds, by its name; nil for a header that is no event's.
    package func attribute(ofHeader name: String) -> String? {
        let name = self.ignoresCase ? name.lowercased() : name
        for prefix in self == .amqp ? ["cloudEvents:", "cloudEvents_"] : [self.prefix] where name.hasPrefix(prefix) {
            return String(name.dropFirst(prefix.count))
        }
        return nil
    }

    /// Whether a header holds the content type, by its name.
    package func isContentType(_ name: String) -> Bool {
        let name = name.lowercased()
        // MQTT's own name for it has a blank; elsewhere that, as any other, is an application's.
        return name == Self.contentType || (self == .mqtt && name == "content type")
    }
}
