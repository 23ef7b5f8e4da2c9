// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// The attributes of an event that is being read, whatever the format.
///
/// A format puts in what it finds, as text where it has no types; the draft checks names, types and the version, and
/// makes the event, which checks the values.
struct CloudEventDraft {
    let options: CloudEventReadingOptions
    private var attributes: [String: CloudEventAttributeValue] = [:]
    private var repairs: [CloudEventReading.Repair] = []

    init(_ options: CloudEventReadingOptions) {
        self.options = options
    }

    /// Whether an attribute was put in.
    func has(_ name: String) -> Bool { self.attributes[name] != nil }

    /// The content type of the data, as far as it is known.
    func dataContentType() throws(CloudEventError) -> String? {
        try self.text("datacontenttype")
    }

    /// Puts in an attribute that comes as it is written, checking its name.
    mutating func put(_ value: CloudEventAttributeValue, named name: String) throws(CloudEventError) {
        do throws(CloudEventError) {
            try CloudEvent.check(name: name)
        } catch {
            guard self.options.strictness == .lenient else { throw error }
            return self.note(.leftOut, name, .attributeName)
        }
        if let limit = self.options.maximumNameLength, name.utf8.count > limit,
            !CloudEvent.reservedNames.contains(name)
        {
            throw CloudEventError(
                .invalidName,
                attribute: name,
                rule: .attributeNameLength,
                found: "\(name.utf8.count) characters",
                expected: "at most \(limit)"
            )
        }
        guard self.attributes.updateValue(value, forKey: name) == nil else { throw CloudEventError.duplicate(name) }
    }

    /// Takes an attribute that is not set, checking its name all the same.
    mutating func putNothing(named name: String) throws(CloudEventError) {
        do throws(CloudEventError) {
            try CloudEvent.check(name: name)
        } catch {
            guard self.options.strictness == .lenient else { throw error }
            self.note(.leftOut, name, .attributeName)
        }
    }

    /// Notes what a lenient reader has done to an attribute.
    mutating func note(_ action: CloudEventReading.Repair.Action, _ name: String, _ rule: CloudEventRule) {
        self.repairs.append(.init(attribute: name, action: action, rule: rule))
    }

    /// Makes the event.
    mutating func reading(data: CloudEventData?) throws(CloudEventError) -> CloudEventReading {
        try self.checkVersion()
        for name in ["subject", "datacontenttype", "dataschema", "time"] { try self.dropEmpty(name) }
        let id = try self.required("id")
        let source = try self.required("source")
        let type = try self.required("type")
        let event = try CloudEvent(
            id: id,
            source: source,
            type: type,
            subject: self.text("subject"),
            time: self.time(),
            dataContentType: self.text("datacontenttype"),
            dataSchema: self.text("dataschema"),
            data: data,
            extensions: self.extensions()
        )
        return CloudEventReading(event: event, repairs: self.repairs)
    }

    private mutating func checkVersion() throws(CloudEventError) {
        guard let version = try self.text("specversion"), !version.isEmpty else {
            guard self.options.strictness == .lenient else { throw CloudEventError.missing("specversion") }
            return self.note(.filledIn(CloudEvent.specversion), "specversion", .requiredAttribute)
        }
        guard version == CloudEvent.specversion else {
            throw CloudEventError(
                .unsupportedVersion,
                attribute: "specversion",
                rule: .specVersion,
                found: CloudEventError.quoted(version),
                expected: "'\(CloudEvent.specversion)'"
            )
        }
    }

    /// A lenient reader takes an optional attribute that is empty for one that is not there.
    private mutating func dropEmpty(_ name: String) throws(CloudEventError) {
        guard self.options.strictness == .lenient, try self.text(name)?.isEmpty == true else { return }
        self.attributes[name] = nil
        self.note(.leftOut, name, .nonEmptyAttribute)
    }

    private func required(_ name: String) throws(CloudEventError) -> String {
        guard let text = try self.text(name) else { throw CloudEventError.missing(name) }
        return text
    }

    private func text(_ name: String) throws(CloudEventError) -> String? {
        switch self.attributes[name] {
        case .string(let text), .uri(let text), .uriReference(let text): return text
        case .timestamp(let time) where name == "time": return time.description
        case let value?:
            throw CloudEventError(
                .invalidValue,
                attribute: name,
                rule: .attributeType,
                found: "a value of the type \(value.type.rawValue)",
                expected: "a text"
            )
        case nil: return nil
        }
    }

    private func time() throws(CloudEventError) -> Timestamp? {
        if case .timestamp(let time) = self.attributes["time"] { return time }
        guard let text = try self.text("time") else { return nil }
        return try CloudEventAttributeValue(canonicalText: text, type: .timestamp, attribute: "time").timestampValue
    }

    private func extensions() throws(CloudEventError) -> [String: CloudEventAttributeValue] {
        var result = self.attributes
        for name in CloudEvent.reservedNames where name != "data" { result[name] = nil }
        guard !self.options.extensionTypes.isEmpty else { return result }
        for (name, type) in self.options.extensionTypes {
            guard let value = result[name], value.type != type else { continue }
            guard case .string(let text) = value else {
                throw CloudEventError(
                    .invalidValue,
                    attribute: name,
                    rule: .attributeType,
                    found: "a value of the type \(value.type.rawValue)",
                    expected: "one of the type \(type.rawValue)"
                )
            }
            result[name] = try CloudEventAttributeValue(canonicalText: text, type: type, attribute: name)
        }
        return result
    }
}

extension CloudEventError {
    /// The error for an attribute that comes again.
    static func duplicate(_ name: String) -> CloudEventError {
        CloudEventError(
            .duplicateAttribute,
            attribute: name,
            rule: .distinctAttributes,
            found: "the attribute again",
            expected: "each attribute once"
        )
    }
}
