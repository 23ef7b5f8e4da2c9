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
    /// that never sends the password, so that it needs no transport security: SCRAM (RFC 5802, RFC 7677). A token or a
    /// password alone is sent as it is.
    public var isSecure: Bool {
        if self.certificateAuthority != nil || (self.certificate != nil && self.key != nil) { return true }
        guard self.token == nil, self.username != nil, self.password != nil else { return false }
        return self.extra["sasl_mechanism"]?.text?.hasPrefix("SCRAM-SHA-") == true
    }

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
        for name in self.extra.keys.sorted() where name.isEmpty {
            findings.append(Fault(part: "extra", fault: "has a value without a name"))
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
        guard scalar.value < 0x20 || scalar.value == 0x7F else { return false }
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
