// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// Who a bus is for its back end: a token, a user's name and password, or a certificate.
///
/// Nothing in it is ever shown but which of its parts are there. An adapter takes from it what its back end asks for.
public struct EventBusCredentials: Sendable, Hashable {
    /// A token that stands for the client, such as a JWT.
    public var token: Secret?
    /// The user's name, which needs a password.
    public var username: String?
    /// The user's password, which needs a name.
    public var password: Secret?
    /// The client's certificate, as PEM text or the path of a PEM file; it needs a key.
    public var certificate: String?
    /// The certificate's private key, as PEM text or the path of a PEM file.
    public var key: Secret?
    /// The certificates that a server's is checked against, as PEM text or the path of a PEM file.
    public var certificateAuthority: String?
    /// What else a back end asks for, by name; values are never shown.
    ///
    /// `sasl_mechanism` names how user and password are proven (RFC 4422), such as `SCRAM-SHA-256`.
    public var extra: [String: HeaderValue]

    /// Creates credentials; what is left out is not there.
    public init(
        token: Secret? = nil,
        username: String? = nil,
        password: Secret? = nil,
        certificate: String? = nil,
        key: Secret? = nil,
        certificateAuthority: String? = nil,
        extra: [String: HeaderValue] = [:]
    ) {
        self.token = token
        self.username = username
        self.password = password
        self.certificate = certificate
        self.key = key
        self.certificateAuthority = certificateAuthority
        self.extra = extra
    }

    /// Whether there is nothing in it, so that the client stays anonymous.
    public var isEmpty: Bool {
        self.token == nil && self.username == nil && self.password == nil && self.certificate == nil
            && self.key == nil && self.certificateAuthority == nil && self.extra.isEmpty
    }

    /// Whether nobody on the way can read and use them.
    ///
    /// That is so with TLS, which a certificate with its key or a certificate authority asks for; and with a mechanism
    /// that never sends the password, so that it needs no transport security: SCRAM with SHA-1, SHA-256 or SHA-512
    /// (RFC 5802, RFC 7677), with channel binding (`-PLUS`) or without. A token or a password alone is sent as it is. What
    /// is empty counts as missing.
    public var isSecure: Bool {
        func isThere(_ text: String?) -> Bool { text?.isEmpty == false }
        if isThere(self.certificateAuthority) { return true }
        if isThere(self.certificate), isThere(self.key?.reveal()) { return true }
        guard self.token == nil, isThere(self.username), isThere(self.password?.reveal()) else { return false }
        return self.extra["sasl_mechanism"]?.text.map(Self.scramMechanisms.contains) ?? false
    }

    private static let scramMechanisms: Set<String> = Set(
        ["SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-512"].flatMap { [$0, $0 + "-PLUS"] }
    )

    /// Checks that nothing is half given, empty or contradictory; the back end alone knows whether they are accepted.
    ///
    /// - Throws: ``OmnibusError`` with the code `invalidSettings`, naming everything that is wrong and no value.
    public func validate() throws(OmnibusError) {
        let findings = self.findings
        guard findings.isEmpty else {
            throw OmnibusError(
                .invalidSettings,
                "Invalid credentials: \(findings.map { "'\($0.part)' \($0.fault)" }.joined(separator: "; "))."
            )
        }
    }

    /// What is wrong with one part.
    struct Fault {
        var part: String
        var fault: String
    }

    var findings: [Fault] {
        var findings: [Fault] = []
        func need(_ part: String, _ isThere: Bool, for other: String, _ otherIsThere: Bool) {
            if otherIsThere, !isThere { findings.append(Fault(part: part, fault: "is missing beside '\(other)'")) }
        }
        need("username", self.username != nil, for: "password", self.password != nil)
        need("password", self.password != nil, for: "username", self.username != nil)
        need("certificate", self.certificate != nil, for: "key", self.key != nil)
        need("key", self.key != nil, for: "certificate", self.certificate != nil)
        if self.token != nil, self.username != nil || self.password != nil {
            findings.append(
                Fault(part: "token", fault: "stands beside 'username' or 'password'; give one way to prove who it is")
            )
        }
        for (part, text, isPEM) in self.texts {
            guard let text else { continue }
            if text.isEmpty { findings.append(Fault(part: part, fault: "is empty; leave it out or fill it in")) }
            // A line break in a token would end a line of the protocol that carries it.
            if text.unicodeScalars.contains(where: { Self.isForbidden($0, isPEM: isPEM) }) {
                findings.append(Fault(part: part, fault: "has a control character, such as a line break at its end"))
            }
        }
        if self.extra.keys.contains("") {
            findings.append(Fault(part: "extra", fault: "has a value without a name"))
        }
        let isBroken: (String) -> Bool = { $0.unicodeScalars.contains { Self.isForbidden($0, isPEM: false) } }
        if self.extra.keys.contains(where: isBroken) {
            findings.append(Fault(part: "extra", fault: "has a name with a control character"))
        }
        if self.extra.values.contains(where: { $0.text.map(isBroken) ?? false }) {
            findings.append(Fault(part: "extra", fault: "has a text with a control character"))
        }
        return findings
    }

    private var texts: [(part: String, text: String?, isPEM: Bool)] {
        [
            ("token", self.token?.reveal(), false), ("username", self.username, false),
            ("password", self.password?.reveal(), false), ("certificate", self.certificate, true),
            ("key", self.key?.reveal(), true), ("certificateAuthority", self.certificateAuthority, true),
        ]
    }

    private static func isForbidden(_ scalar: Unicode.Scalar, isPEM: Bool) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: break
        default: return false
        }
        return !isPEM || (scalar != "\n" && scalar != "\r" && scalar != "\t")
    }
}

extension EventBusCredentials: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The names of the parts that are there.
    public var description: String {
        var parts = self.texts.filter { $0.text != nil }.map(\.part)
        if !self.extra.isEmpty { parts.append("extra") }
        return "EventBusCredentials(\(parts.isEmpty ? "none" : parts.joined(separator: ", ")))"
    }
    /// The names of the parts that are there.
    public var debugDescription: String { self.description }
    /// A mirror without anything in it.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
