// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// The hosts of an address as a text: names or numbers, each with a port or without one, with commas between them.
///
/// It is stricter than RFC 3986 is, so that nothing else than a host and a port is ever taken for them, and shown.
enum HostText {
    /// Whether a text is hosts and ports and nothing else.
    static func isHosts(_ text: some Collection<UInt8>) -> Bool {
        text.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false).allSatisfy { self.isHost($0) }
    }

    /// Whether a text is one host, with a port or without one.
    static func isHost(_ text: some Collection<UInt8>, needsPort: Bool = false) -> Bool {
        let rest: [UInt8]
        if text.first == UInt8(ascii: "[") {
            guard let close = text.firstIndex(of: UInt8(ascii: "]")) else { return false }
            let number = text[text.startIndex..<close].dropFirst()
            guard number.contains(UInt8(ascii: ":")), number.allSatisfy(Self.isOfNumber) else { return false }
            rest = Array(text[close...].dropFirst())
        } else {
            let name = text.prefix { $0 != UInt8(ascii: ":") }
            guard !name.isEmpty, name.allSatisfy(Self.isOfName) else { return false }
            rest = Array(text.dropFirst(name.count))
        }
        guard let colon = rest.first else { return !needsPort }
        return colon == UInt8(ascii: ":") && self.isPort(rest.dropFirst())
    }

    /// Whether a text is a port: a number from 1 to 65,535.
    private static func isPort(_ text: some Collection<UInt8>) -> Bool {
        guard (1...5).contains(text.count), text.allSatisfy({ (0x30...0x39).contains($0) }) else { return false }
        return (1...65_535).contains(text.reduce(0) { $0 * 10 + Int($1 - 0x30) })
    }

    private static func isOfName(_ byte: UInt8) -> Bool {
        (0x61...0x7A).contains(byte | 0x20) || (0x30...0x39).contains(byte) || "-._".utf8.contains(byte)
    }

    private static func isOfNumber(_ byte: UInt8) -> Bool {
        (0x61...0x66).contains(byte | 0x20) || (0x30...0x39).contains(byte) || ":.".utf8.contains(byte)
    }
}
