// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// The address of a back end, such as `redis://localhost:6379/0`, which may hold a user's name and password.
///
/// Only scheme, host and port are ever shown: `redis://<redacted>@localhost:6379` is what becomes of one that has a
/// user or a password. ``reveal()`` gives the whole address to whoever connects.
public struct ConnectionURL: Sendable, Hashable {
    private let secret: Secret

    /// What the address begins with, in lower case: `redis` in `redis://localhost`.
    public let scheme: String
    /// Host and port as written, several of them with commas between them, without the user; empty for a local file or
    /// socket, and where an `@` behind them leaves open whether they are the host or a part of the password.
    public let host: String
    /// Whether there is something before an `@`: a user's name, a password, or both; an `@` that is a part of the rest
    /// counts too.
    public let hasUserInformation: Bool

    /// Creates an address from its text: a scheme (RFC 3986, section 3.1), `://`, and what follows.
    ///
    /// A host is letters, digits, `.`, `-` and `_`, or a number of IPv6 in brackets; a port is a number. What has
    /// anything else in their place is refused, because it may be a password that belongs before an `@`.
    ///
    /// - Throws: ``OmnibusError`` with the code `invalidSettings`, which does not quote the text.
    public init(validating text: String) throws(OmnibusError) {
        guard let url = ConnectionURL(text) else {
            throw OmnibusError(
                .invalidSettings,
                """
                An address is not a URL such as 'redis://localhost:6379'; \
                it is not quoted because it may hold a password.
                """
            )
        }
        self = url
    }

    init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), bytes[colon...].starts(with: "://".utf8) else {
            return nil
        }
        let scheme = bytes[..<colon]
        guard let first = scheme.first, Self.isLetter(first), scheme.allSatisfy(Self.isOfScheme) else { return nil }
        let rest = bytes[(colon + 3)...]
        // A blank, a control character or a quote is the sign of a value that was cut out wrongly.
        guard !rest.isEmpty, rest.allSatisfy({ $0 > 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "\"") }) else {
            return nil
        }
        let at = rest.lastIndex(of: UInt8(ascii: "@"))
        guard let host = Self.host(of: rest, at) else { return nil }
        self.scheme = String(decoding: scheme, as: UTF8.self).lowercased()
        self.host = String(decoding: host, as: UTF8.self)
        self.hasUserInformation = at != nil
        self.secret = Secret(text)
    }

    /// The whole address, for the call that connects.
    public func reveal() -> String { self.secret.reveal() }

    /// The host that may be shown; nil where there is something else in its place.
    private static func host(of rest: ArraySlice<UInt8>, _ at: Int?) -> ArraySlice<UInt8>? {
        // Up to the first of these, says RFC 3986; but a password that was not escaped may have one of them.
        let isEnd: (UInt8) -> Bool = { "/?#".utf8.contains($0) }
        let authority = rest.prefix { !isEnd($0) }
        guard let at else { return authority.isEmpty || HostText.isHosts(authority) ? authority : nil }
        // The last `@` counts, wherever it stands: a password must not be taken for a host.
        if at >= authority.endIndex, authority.isEmpty || HostText.isHosts(authority) { return [] }
        let host = rest[(at + 1)...].prefix { !isEnd($0) }
        return host.isEmpty || HostText.isHosts(host) ? host : nil
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }

    private static func isOfScheme(_ byte: UInt8) -> Bool {
        self.isLetter(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            || "+-.".utf8.contains(byte)
    }
}

extension ConnectionURL: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Scheme, host and port; the rest is not shown.
    public var description: String {
        "\(self.scheme)://\(self.hasUserInformation ? "\(Secret.placeholder)@" : "")\(self.host)"
    }
    /// Scheme, host and port; the rest is not shown.
    public var debugDescription: String { self.description }
    /// A mirror without anything in it.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
