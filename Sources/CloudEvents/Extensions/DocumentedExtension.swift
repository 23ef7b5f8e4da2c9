// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// An extension attribute that the CloudEvents project documents, by its name.
public enum DocumentedExtension: String, Sendable, Hashable, CaseIterable {
    /// Distributed tracing: the `traceparent` of W3C Trace Context.
    case traceParent = "traceparent"
    /// Distributed tracing: the `tracestate` of W3C Trace Context.
    case traceState = "tracestate"
    /// Partitioning: what events of one group have in common.
    case partitionKey = "partitionkey"
    /// Sequence: the place of the event among those of its source.
    case sequence
    /// Sequence: what the place means; `Integer` is defined.
    case sequenceType = "sequencetype"
    /// Dataref: where the data is stored.
    case dataRef = "dataref"
    /// Expiry time: when the event is of no use any more.
    case expiryTime = "expirytime"
    /// Correlation: what the events of one flow have in common.
    case correlationID = "correlationid"
    /// Correlation: the id of the event that caused this one.
    case causationID = "causationid"

    /// The type of the attribute.
    public var type: CloudEventAttributeType {
        switch self {
        case .dataRef: .uriReference
        case .expiryTime: .timestamp
        default: .string
        }
    }

    /// The types of all of them, for ``CloudEventReadingOptions/extensionTypes``.
    public static let types: [String: CloudEventAttributeType] = {
        Dictionary(uniqueKeysWithValues: Self.allCases.map { ($0.rawValue, $0.type) })
    }()
}
