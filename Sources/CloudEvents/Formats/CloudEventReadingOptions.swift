// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

public import OmnibusJSON

/// How events are read from a format or a protocol's message.
public struct CloudEventReadingOptions: Sendable, Hashable {
    /// What happens to an event that is not quite what the specification asks for.
    public enum Strictness: Sendable, Hashable {
        /// It is refused.
        case strict
        /// What can be told without it is filled in or left out, and reported: see ``CloudEventReading``.
        case lenient
    }

    /// The form in which binary mode's data is handed out.
    public enum DataForm: Sendable, Hashable {
        /// JSON and texts as such where the content type says so and the bytes are that, everything else as bytes.
        case byContentType
        /// The bytes as they came.
        case bytes
    }

    /// What happens to an event that is not quite right; strict by default.
    public var strictness: Strictness
    /// How much the JSON format and JSON data may be; as `JSONLimits` has it by default. The depth is the data's: the
    /// envelope and the batch around it do not count.
    public var limits: JSONLimits
    /// The types of extensions, by name, that a format without types writes as texts; without one, a text is a string.
    public var extensionTypes: [String: CloudEventAttributeType]
    /// The form in which binary mode's data is handed out; by its content type by default.
    public var dataForm: DataForm
    /// The number of characters that the name of an extension may have; any by default, 20 is what is recommended.
    public var maximumNameLength: Int?

    /// Creates options; what is not given is as the properties say.
    public init(
        strictness: Strictness = .strict,
        limits: JSONLimits = .default,
        extensionTypes: [String: CloudEventAttributeType] = [:],
        dataForm: DataForm = .byContentType,
        maximumNameLength: Int? = nil
    ) {
        self.strictness = strictness
        self.limits = limits
        self.extensionTypes = extensionTypes
        self.dataForm = dataForm
        self.maximumNameLength = maximumNameLength
    }

    /// Everything has to be as the specification says.
    public static let strict: CloudEventReadingOptions = CloudEventReadingOptions()
    /// What can be told without it is filled in or left out, and reported.
    public static let lenient: CloudEventReadingOptions = CloudEventReadingOptions(strictness: .lenient)
}
