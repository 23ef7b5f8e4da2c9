// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// One thing that is wrong with a configuration: where, what was found, what was expected.
public struct ConfigurationFinding: Sendable, Hashable, CustomStringConvertible {
    /// The key's path, such as `topics[2].retention.maxAge`, as the configuration spells it.
    public var path: String
    /// Where it stands: line and column of a file, or the name of a variable; nil for what is not there or from code.
    public var place: String?
    /// What was found: a kind of value, never the value of a text.
    public var found: String
    /// What was expected there.
    public var expected: String

    /// Creates a finding.
    public init(path: String, place: String? = nil, found: String, expected: String) {
        self.path = path
        self.place = place
        self.found = found
        self.expected = expected
    }

    /// The whole of it as a sentence.
    public var description: String {
        let place = self.place.map { " (\($0))" } ?? ""
        let path = self.path.isEmpty ? "the configuration" : self.path
        return "\(path)\(place): found \(self.found), expected \(self.expected)"
    }
}

extension OmnibusError.Code {
    /// A configuration cannot be read or makes no sense; `details` is a `[ConfigurationFinding]`, everything found.
    public static let invalidConfiguration = Self(rawValue: "invalidConfiguration")
}

extension OmnibusError {
    /// How many findings a message lists; `details` has all of them.
    private static let listedFindings = 50

    /// The error about everything that is wrong with a configuration.
    package static func invalidConfiguration(
        _ findings: [ConfigurationFinding],
        in file: String?
    ) -> OmnibusError {
        let name = file.map { "The configuration '\($0)'" } ?? "The configuration"
        var lines = findings.prefix(Self.listedFindings).map { "\n- \($0)" }
        if findings.count > Self.listedFindings { lines.append("\n- and \(findings.count - Self.listedFindings) more") }
        return OmnibusError(.invalidConfiguration, "\(name) is not valid:\(lines.joined())", details: findings)
    }
}
