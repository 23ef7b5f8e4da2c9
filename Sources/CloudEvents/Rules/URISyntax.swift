// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// The grammar of URIs and references to them (RFC 3986).
///
/// Wider than the standard in three ways, in which other implementations send them: characters beyond ASCII are taken
/// as they are (RFC 3987), and a path may have brackets and begin with a colon.
enum URISyntax {
    /// What is wrong with a text as a URI reference; nil where nothing is.
    static func fault(inReference text: String) -> String? {
        let bytes = text.utf8[...]
        if let scheme = self.scheme(of: bytes) { return self.fault(in: bytes[scheme.endIndex...].dropFirst()) }
        return self.fault(in: bytes)
    }

    /// What is wrong with a text as a URI with a scheme; nil where nothing is.
    static func fault(inURI text: String) -> String? {
        let bytes = text.utf8[...]
        guard let scheme = self.scheme(of: bytes) else { return "no scheme before a ':'" }
        return self.fault(in: bytes[scheme.endIndex...].dropFirst())
    }

    /// The scheme before the first colon, if it is one.
    private static func scheme(of bytes: Substring.UTF8View) -> Substring.UTF8View? {
        let scheme = bytes.prefix { byte in
            self.isLetter(byte) || self.isDigit(byte) || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-")
                || byte == UInt8(ascii: ".")
        }
        guard let first = scheme.first, self.isLetter(first) else { return nil }
        return bytes[scheme.endIndex...].first == UInt8(ascii: ":") ? scheme : nil
    }

    /// What is wrong after the scheme.
    private static func fault(in bytes: Substring.UTF8View) -> String? {
        var rest = bytes
        var hasFragment = false
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "%"):
                guard rest.count >= 2, rest.prefix(2).allSatisfy({ self.isHexDigit($0) }) else {
                    return "a '%' without two hexadecimal digits"
                }
                rest.removeFirst(2)
            case UInt8(ascii: "#"):
                if hasFragment { return "a second '#'" }
                hasFragment = true
            case 0x00...0x20, 0x7F: return "a blank or a control character"
            case UInt8(ascii: "\""), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "\\"), UInt8(ascii: "^"),
                UInt8(ascii: "`"), UInt8(ascii: "{"), UInt8(ascii: "|"), UInt8(ascii: "}"):
                return "the character '\(Character(Unicode.Scalar(byte)))'"
            default: break
            }
        }
        guard bytes.starts(with: [UInt8(ascii: "/"), UInt8(ascii: "/")]) else { return nil }
        let authority = bytes.dropFirst(2).prefix { byte in
            byte != UInt8(ascii: "/") && byte != UInt8(ascii: "?") && byte != UInt8(ascii: "#")
        }
        return self.fault(inAuthority: authority)
    }

    private static func fault(inAuthority authority: Substring.UTF8View) -> String? {
        var host = authority
        if let at = host.lastIndex(of: UInt8(ascii: "@")) {
            if host[..<at].contains(where: { self.isBracket($0) }) { return "a bracket before the host" }
            host = host[host.index(after: at)...]
        }
        var port = host[host.endIndex...]
        if host.first == UInt8(ascii: "[") {
            guard let end = host.firstIndex(of: UInt8(ascii: "]")) else { return "a '[' without ']'" }
            let literal = host[host.index(after: host.startIndex)..<end]
            guard self.isAddress(literal) else { return "no IP address in brackets" }
            port = host[host.index(after: end)...]
            guard port.isEmpty || port.first == UInt8(ascii: ":") else {
                return "something other than a port after ']'"
            }
        } else {
            if host.contains(where: { self.isBracket($0) }) { return "a bracket in the host" }
            if let colon = host.firstIndex(of: UInt8(ascii: ":")) { port = host[colon...] }
        }
        return port.dropFirst().allSatisfy({ self.isDigit($0) }) ? nil : "a port that is no number"
    }

    /// Whether a text can stand in brackets: an IPv6 address, or one of a later version.
    private static func isAddress(_ literal: Substring.UTF8View) -> Bool {
        if let first = literal.first, first | 0x20 == UInt8(ascii: "v") { return literal.count > 3 }
        return literal.count >= 2 && literal.contains(UInt8(ascii: ":"))
            && literal.allSatisfy { self.isHexDigit($0) || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".") }
    }

    private static func isBracket(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "[") || byte == UInt8(ascii: "]") }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        self.isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte | 0x20)
    }
}
