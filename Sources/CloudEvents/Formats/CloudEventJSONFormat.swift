// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusJSON

/// The JSON event format and the JSON batch format of CloudEvents 1.0.2.
public enum CloudEventJSONFormat {
    /// The media type of an event in JSON.
    public static let mediaType: String = "application/cloudevents+json"
    /// The media type of a batch of events in JSON.
    public static let batchMediaType: String = "application/cloudevents-batch+json"

    /// Writes an event as a JSON object.
    ///
    /// Data that is JSON stands in `data` as such, text as a string, and bytes in `data_base64`. JSON data of a content
    /// type that is not JSON is written as the bytes of its text. Throws a `CloudEventError` for text that should be
    /// JSON by its content type and is not, and for numbers that JSON cannot say.
    public static func write(_ event: CloudEvent) throws(CloudEventError) -> [UInt8] {
        try Self.bytes(of: Self.value(of: event))
    }

    /// Writes events as a JSON array of objects, in order.
    public static func writeBatch(_ events: some Sequence<CloudEvent>) throws(CloudEventError) -> [UInt8] {
        var values: [JSONValue] = []
        for event in events { values.append(try Self.value(of: event)) }
        return try Self.bytes(of: .array(values))
    }

    /// Reads an event from a JSON object, and says what a lenient reader changed.
    ///
    /// Throws a `CloudEventError` that names the attribute and the rule.
    public static func read(
        _ bytes: some Collection<UInt8>,
        options: CloudEventReadingOptions = .strict
    ) throws(CloudEventError) -> CloudEventReading {
        var options = options
        // The object around the data is one level more.
        options.limits.depth += 1
        return try Self.reading(of: Self.parse(bytes, options), options)
    }

    /// Reads events from a JSON array of objects, in order.
    public static func readBatch(
        _ bytes: some Collection<UInt8>,
        options: CloudEventReadingOptions = .strict
    ) throws(CloudEventError) -> [CloudEventReading] {
        var options = options
        // The array around the events is one level more, and the object around the data.
        options.limits.depth += 2
        guard case .array(let values) = try Self.parse(bytes, options) else {
            let expected = "a JSON array of events"
            throw CloudEventError(.invalidFormat, rule: .jsonBatch, found: "another JSON value", expected: expected)
        }
        var readings: [CloudEventReading] = []
        for value in values { readings.append(try Self.reading(of: value, options)) }
        return readings
    }
}

extension CloudEvent {
    /// Reads an event from a JSON object, as ``CloudEventJSONFormat`` does.
    public init(
        json bytes: some Collection<UInt8>,
        options: CloudEventReadingOptions = .strict
    ) throws(CloudEventError) {
        self = try CloudEventJSONFormat.read(bytes, options: options).event
    }

    /// Writes the event as a JSON object, as ``CloudEventJSONFormat`` does.
    public func json() throws(CloudEventError) -> [UInt8] {
        try CloudEventJSONFormat.write(self)
    }
}
