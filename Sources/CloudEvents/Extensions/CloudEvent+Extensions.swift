// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

// Each is read from whatever a format made of it: the type where the format has types, text where it has none. Setting
// goes through a method, as it can throw.
extension CloudEvent {
    /// The value of a documented extension; nil where there is none, or where it is not of the extension's type.
    public subscript(name: DocumentedExtension) -> CloudEventAttributeValue? {
        guard let value = self.extensions[name.rawValue] else { return nil }
        if value.type == name.type { return value }
        return try? CloudEventAttributeValue(canonicalText: value.canonicalText, type: name.type)
    }

    /// Sets a documented extension to a value, which is turned into the extension's type, or removes it.
    ///
    /// Throws a `CloudEventError`, and changes nothing, when the value cannot be of that type, is empty, or is no
    /// `traceparent` where it has to be one.
    public mutating func set(
        _ name: DocumentedExtension,
        to value: CloudEventAttributeValue?
    ) throws(CloudEventError) {
        guard let value else { return try self.setExtension(name.rawValue, to: nil) }
        let text = value.canonicalText
        try Self.check(optional: text, named: name.rawValue)
        if name == .traceParent { _ = try TraceContext(traceparent: text) }
        let typed = try CloudEventAttributeValue(canonicalText: text, type: name.type, attribute: name.rawValue)
        try self.setExtension(name.rawValue, to: typed)
    }

    /// The place of the event in a distributed trace; nil where there is none, or no valid one.
    public var traceContext: TraceContext? {
        guard let parent = self[.traceParent]?.stringValue else { return nil }
        return try? TraceContext(traceparent: parent, tracestate: self[.traceState]?.stringValue ?? "")
    }

    /// Sets the place of the event in a distributed trace, or removes it.
    public mutating func setTraceContext(_ context: TraceContext?) throws(CloudEventError) {
        try self.set(.traceParent, to: context.map { .string($0.traceparent) })
        let state = context?.tracestate ?? ""
        try self.set(.traceState, to: state.isEmpty ? nil : .string(state))
    }

    /// What the events of one group have in common, for partitioning.
    public var partitionKey: String? { self[.partitionKey]?.stringValue }

    /// The place of the event among those of its source, a text that orders by its characters.
    public var sequence: String? { self[.sequence]?.stringValue }

    /// The place of the event as a number, where the `sequencetype` is `Integer`.
    public var sequenceNumber: Int32? {
        guard self[.sequenceType] == .string("Integer"), let text = self.sequence else { return nil }
        return (try? CloudEventAttributeValue(canonicalText: text, type: .integer))?.integerValue
    }

    /// Sets the place of the event among those of its source to a number, with the `sequencetype` `Integer`.
    public mutating func setSequenceNumber(_ number: Int32) throws(CloudEventError) {
        try self.set(.sequence, to: .string("\(number)"))
        try self.set(.sequenceType, to: "Integer")
    }

    /// Where the data is stored, a URI reference.
    public var dataRef: String? { self[.dataRef]?.stringValue }

    /// When the event is of no use any more.
    public var expiryTime: Timestamp? { self[.expiryTime]?.timestampValue }

    /// What the events of one flow have in common.
    public var correlationID: String? { self[.correlationID]?.stringValue }

    /// The id of the event that caused this one.
    public var causationID: String? { self[.causationID]?.stringValue }
}
