// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// A version number such as `1.4.0-beta.2+build.7` (Semantic Versioning 2.0.0).
public struct SemanticVersion: Hashable, Sendable {
    /// The number that counts changes which break users, the first of three.
    public let major: Int
    /// The number that counts additions, the second of three.
    public let minor: Int
    /// The number that counts repairs, the third of three.
    public let patch: Int
    /// The identifiers after the hyphen, such as `beta` and `2`; empty for a release.
    public let prerelease: [String]
    /// The identifiers after the plus sign, which do not count when versions are ordered.
    public let build: [String]

    /// Creates a release's version.
    ///
    /// A negative number is a programmer's mistake and traps.
    public init(_ major: Int, _ minor: Int, _ patch: Int) {
        precondition(
            major >= 0 && minor >= 0 && patch >= 0,
            "a semantic version has no negative numbers; use init(validating:) to read one that came from elsewhere"
        )
        self.major = major
        self.minor = minor
        self.patch = patch
        self.prerelease = []
        self.build = []
    }

    /// Reads a version from a text such as `1.4.0-beta.1`.
    ///
    /// - Throws: `.invalidHeader`, saying which part is wrong.
    public init(validating text: some StringProtocol) throws(OmnibusError) {
        func invalid(_ what: String) -> OmnibusError {
            OmnibusError(
                .invalidHeader,
                "\"\(text.prefix(80))\" is not a semantic version such as 1.4.0 or 2.0.0-beta.1: \(what)"
            )
        }
        func identifiers(_ part: Substring, _ what: String, zeros: Bool) throws(OmnibusError) -> [String] {
            var result: [String] = []
            for identifier in part.split(separator: ".", omittingEmptySubsequences: false) {
                guard !identifier.isEmpty else { throw invalid("the \(what) has an empty identifier") }
                guard identifier.utf8.allSatisfy(Self.isIdentifierByte) else {
                    throw invalid("the \(what) may hold only ASCII letters, digits and hyphens")
                }
                if !zeros, identifier.utf8.count > 1, identifier.utf8.first == UInt8(ascii: "0"),
                    Self.isNumeric(identifier)
                {
                    throw invalid("a number in the \(what) has leading zeros")
                }
                result.append(String(identifier))
            }
            return result
        }

        var core = Substring(String(text))
        var prerelease: [String] = []
        var build: [String] = []
        if let plus = core.firstIndex(of: "+") {
            build = try identifiers(core[core.index(after: plus)...], "build part", zeros: true)
            core = core[..<plus]
        }
        if let hyphen = core.firstIndex(of: "-") {
            prerelease = try identifiers(core[core.index(after: hyphen)...], "pre-release part", zeros: false)
            core = core[..<hyphen]
        }
        let parts = core.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3 else { throw invalid("it needs three numbers: major, minor and patch") }
        var numbers: [Int] = []
        for (part, name) in zip(parts, ["major", "minor", "patch"]) {
            guard !part.isEmpty, Self.isNumeric(part) else { throw invalid("the \(name) number is no number") }
            guard part.utf8.count == 1 || part.utf8.first != UInt8(ascii: "0") else {
                throw invalid("the \(name) number has leading zeros")
            }
            guard let number = Int(part) else { throw invalid("the \(name) number is too large") }
            numbers.append(number)
        }
        self.major = numbers[0]
        self.minor = numbers[1]
        self.patch = numbers[2]
        self.prerelease = prerelease
        self.build = build
    }

    private static func isIdentifierByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"):
            true
        default:
            false
        }
    }

    fileprivate static func isNumeric(_ text: some StringProtocol) -> Bool {
        text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }
}

extension SemanticVersion: CustomStringConvertible {
    /// The text of the version, as Semantic Versioning writes it.
    public var description: String {
        var text = "\(self.major).\(self.minor).\(self.patch)"
        if !self.prerelease.isEmpty { text += "-" + self.prerelease.joined(separator: ".") }
        if !self.build.isEmpty { text += "+" + self.build.joined(separator: ".") }
        return text
    }
}

extension SemanticVersion: Comparable {
    /// Orders by precedence, and versions that differ only in their build part by its text.
    public static func < (left: SemanticVersion, right: SemanticVersion) -> Bool {
        if left.precedes(right) { return true }
        if right.precedes(left) { return false }
        return left.build.joined(separator: ".") < right.build.joined(separator: ".")
    }

    /// Tells whether this version has a lower precedence (SemVer 2.0.0, section 11); build parts do not count.
    public func precedes(_ other: SemanticVersion) -> Bool {
        let own = (self.major, self.minor, self.patch)
        let others = (other.major, other.minor, other.patch)
        guard own == others else { return own < others }
        if self.prerelease.isEmpty || other.prerelease.isEmpty {
            return !self.prerelease.isEmpty && other.prerelease.isEmpty
        }
        for (left, right) in zip(self.prerelease, other.prerelease) where left != right {
            switch (Self.isNumeric(left), Self.isNumeric(right)) {
            case (true, true):
                // Without leading zeros the longer number is the greater, however long they are.
                return (left.utf8.count, left) < (right.utf8.count, right)
            case (true, false): return true
            case (false, true): return false
            case (false, false): return left < right
            }
        }
        return self.prerelease.count < other.prerelease.count
    }
}

extension SemanticVersion: Codable {
    /// Reads a version from its text.
    ///
    /// - Throws: `DecodingError` where the text is no version.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        do {
            try self.init(validating: text)
        } catch {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: error.message)
        }
    }

    /// Writes the version as its text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(self.description)
    }
}
