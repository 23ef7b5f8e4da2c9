// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusJSON

/// A format that configurations are written in.
///
/// JSON is always here. YAML comes with the module `OmnibusYAML` and its trait `YAML`.
public struct ConfigurationFormat: Sendable {
    /// The format's name, for errors.
    public let name: String
    /// What the names of its files end with.
    public let fileExtensions: [String]
    /// Makes a tree of a document, or says what is wrong with it.
    package let parse: @Sendable ([UInt8]) throws(ConfigurationSyntaxError) -> ConfigurationNode

    package init(
        name: String,
        fileExtensions: [String],
        parse: @escaping @Sendable ([UInt8]) throws(ConfigurationSyntaxError) -> ConfigurationNode
    ) {
        self.name = name
        self.fileExtensions = fileExtensions
        self.parse = parse
    }

    /// The largest document that is read, in bytes.
    public static let maximumSize: Int = 1_048_576
    /// How many lists and sections may be open at once.
    public static let maximumDepth: Int = 32
    /// How many values a document has at most, what aliases repeat included.
    public static let maximumCount: Int = 20_000

    /// JSON, strictly by RFC 8259; a key that occurs twice is an error.
    public static let json = ConfigurationFormat(name: "JSON", fileExtensions: ["json"]) {
        bytes throws(ConfigurationSyntaxError) in
        let limits = JSONLimits(depth: Self.maximumDepth, size: Self.maximumSize)
        do throws(JSONError) {
            let json = try JSONValue(parsing: bytes, limits: limits)
            var places = JSONPlaces(bytes)
            var count = 0
            let node = ConfigurationNode(json, at: &places, count: &count)
            if count <= Self.maximumCount { return node }
            throw JSONError(.tooLarge, found: "\(count) values", expected: "\(Self.maximumCount) at most")
        } catch {
            throw ConfigurationSyntaxError(
                place: error.position.map { .position(line: $0.line, column: $0.column) },
                // A character of the document may be one of a secret.
                found: error.found.hasPrefix("'") ? "a character that does not belong there" : error.found,
                expected: error.expected
            )
        }
    }
}

/// What makes a document none of its format.
package struct ConfigurationSyntaxError: Error, Sendable {
    package var place: ConfigurationNode.Place?
    package var path: String
    package var found: String
    package var expected: String

    package init(place: ConfigurationNode.Place?, path: String = "", found: String, expected: String) {
        self.place = place
        self.path = path
        self.found = found
        self.expected = expected
    }
}

extension Configuration {
    /// Reads a document of some format.
    ///
    /// - Parameters:
    ///   - bytes: the document, in UTF-8.
    ///   - file: its name, for errors.
    ///   - environment: the variables that `${VAR}` is filled in from.
    /// - Throws: ``OmnibusError`` with the code `invalidConfiguration`, naming everything that is wrong.
    public init(
        bytes: [UInt8],
        format: ConfigurationFormat,
        file: String? = nil,
        environment: [String: String] = [:]
    ) throws(OmnibusError) {
        guard bytes.count <= ConfigurationFormat.maximumSize else {
            let finding = ConfigurationFinding(
                path: "",
                found: "\(bytes.count) bytes",
                expected: "\(ConfigurationFormat.maximumSize) at most"
            )
            throw .invalidConfiguration([finding], in: file)
        }
        let document: ConfigurationNode
        do throws(ConfigurationSyntaxError) {
            document = try format.parse(bytes)
        } catch {
            let finding = ConfigurationFinding(
                path: error.path.isEmpty ? "the \(format.name)" : error.path,
                place: error.place?.description,
                found: error.found,
                expected: error.expected
            )
            throw .invalidConfiguration([finding], in: file)
        }
        try self.init(document: document, file: file, environment: environment)
    }

    /// Reads a text of some format, JSON unless said otherwise, as from its UTF-8 bytes.
    ///
    /// - Throws: ``OmnibusError`` with the code `invalidConfiguration`, naming everything that is wrong.
    public init(
        text: String,
        format: ConfigurationFormat = .json,
        environment: [String: String] = [:]
    ) throws(OmnibusError) {
        try self.init(bytes: Array(text.utf8), format: format, environment: environment)
    }
}
