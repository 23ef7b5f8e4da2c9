// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

extension Configuration {
    /// Who may do what, and how that is proven: the section `security`.
    public struct Security: Sendable, Hashable {
        /// Encryption on the way: `tls`.
        public var tls: TLS?
        /// Who a client is, and what it may do: `authentication`.
        public var authentication: Authentication?

        /// Creates the section; what is left out is not asked for.
        public init(tls: TLS? = nil, authentication: Authentication? = nil) {
            self.tls = tls
            self.authentication = authentication
        }
    }

    /// Encryption on the way.
    public struct TLS: Sendable, Hashable {
        /// Whether connections are encrypted: `enabled`.
        public var isEnabled: Bool
        /// The path of the certificate, in PEM: `cert_file`.
        public var certificateFile: String?
        /// The path of its private key, in PEM: `key_file`.
        public var keyFile: String?
        /// The path of the certificates that the other side's is checked against, in PEM: `ca_file`.
        public var certificateAuthorityFile: String?

        /// Creates the section.
        public init(
            isEnabled: Bool,
            certificateFile: String? = nil,
            keyFile: String? = nil,
            certificateAuthorityFile: String? = nil
        ) {
            self.isEnabled = isEnabled
            self.certificateFile = certificateFile
            self.keyFile = keyFile
            self.certificateAuthorityFile = certificateAuthorityFile
        }
    }

    /// Who a client is, and what it may do.
    public struct Authentication: Sendable, Hashable {
        /// Tokens that clients show: `jwt`.
        public var jwt: JWT?
        /// Who may publish and subscribe to what: `topic_acl`.
        public var topicAccess: TopicAccess?

        /// Creates the section; what is left out is not asked for.
        public init(jwt: JWT? = nil, topicAccess: TopicAccess? = nil) {
            self.jwt = jwt
            self.topicAccess = topicAccess
        }
    }

    /// Tokens that clients show (RFC 7519).
    public struct JWT: Sendable, Hashable {
        /// What they are signed with: `secret_key`.
        public var secretKey: Secret
        /// How they are signed (RFC 7518, section 3.1): `algorithm`; nil is `HS256`.
        public var algorithm: String?
        /// How long a token is valid: `token_ttl`.
        public var tokenLifetime: Duration?

        /// Creates the section.
        public init(secretKey: Secret, algorithm: String? = nil, tokenLifetime: Duration? = nil) {
            self.secretKey = secretKey
            self.algorithm = algorithm
            self.tokenLifetime = tokenLifetime
        }
    }

    /// Who may publish and subscribe to what.
    public struct TopicAccess: Sendable, Hashable {
        /// What holds where no rule says anything.
        public enum DefaultPolicy: String, Sendable, Hashable, CaseIterable {
            /// Whatever is not forbidden is allowed.
            case allow
            /// Whatever is not allowed is forbidden.
            case deny
        }

        /// Whether rules are enforced: `enabled`.
        public var isEnabled: Bool
        /// What holds where no rule says anything: `default_policy`; nil is to deny.
        public var defaultPolicy: DefaultPolicy?
        /// The path of the rules: `rules_file`.
        public var rulesFile: String?

        /// Creates the section.
        public init(isEnabled: Bool, defaultPolicy: DefaultPolicy? = nil, rulesFile: String? = nil) {
            self.isEnabled = isEnabled
            self.defaultPolicy = defaultPolicy
            self.rulesFile = rulesFile
        }
    }
}

extension Configuration.Security {
    init(_ section: inout ConfigurationSection) {
        self.init(
            tls: section.section("tls") { Configuration.TLS(&$0) },
            authentication: section.section("authentication") { part in
                Configuration.Authentication(
                    jwt: part.section("jwt") { Configuration.JWT(&$0) },
                    topicAccess: part.section("topic_acl") { Configuration.TopicAccess(&$0) }
                )
            }
        )
    }

    func write(_ writer: inout NodeWriter) {
        writer.add("tls", self.tls) { tls, writer in
            writer.add("enabled", tls.isEnabled)
            writer.add("cert_file", tls.certificateFile)
            writer.add("key_file", tls.keyFile)
            writer.add("ca_file", tls.certificateAuthorityFile)
        }
        writer.add("authentication", self.authentication) { part, writer in
            writer.add("jwt", part.jwt) { jwt, writer in
                writer.add("secret_key", jwt.secretKey)
                writer.add("algorithm", jwt.algorithm)
                writer.add("token_ttl", jwt.tokenLifetime)
            }
            writer.add("topic_acl", part.topicAccess) { access, writer in
                writer.add("enabled", access.isEnabled)
                writer.add("default_policy", access.defaultPolicy?.rawValue)
                writer.add("rules_file", access.rulesFile)
            }
        }
    }
}

extension Configuration.TLS {
    init(_ section: inout ConfigurationSection) {
        self.init(
            isEnabled: section.required("enabled", .boolean) ?? false,
            certificateFile: section.value("cert_file", .text("the path of a PEM file")),
            keyFile: section.value("key_file", .text("the path of a PEM file")),
            certificateAuthorityFile: section.value("ca_file", .text("the path of a PEM file"))
        )
        if section.has("cert_file") != section.has("key_file") {
            let (missing, other) = section.has("key_file") ? ("cert_file", "key_file") : ("key_file", "cert_file")
            section.missing(missing, expected: "the path of a PEM file beside '\(other)'")
        }
    }
}

extension Configuration.JWT {
    private static let algorithms = [
        "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "PS256", "PS384", "PS512",
        "EdDSA",
    ]

    init(_ section: inout ConfigurationSection) {
        self.init(
            secretKey: section.required("secret_key", .secret()) ?? Secret(""),
            algorithm: section.value("algorithm", .choice(Self.algorithms)),
            tokenLifetime: section.value("token_ttl", .duration())
        )
    }
}

extension Configuration.TopicAccess {
    init(_ section: inout ConfigurationSection) {
        self.init(
            isEnabled: section.required("enabled", .boolean) ?? false,
            defaultPolicy: section.value("default_policy", .choice(DefaultPolicy.allCases.map { ($0.rawValue, $0) })),
            rulesFile: section.value("rules_file", .text("the path of the rules"))
        )
        if self.isEnabled, !section.has("rules_file") {
            section.missing("rules_file", expected: "the path of the rules, because they are enabled")
        }
    }
}
