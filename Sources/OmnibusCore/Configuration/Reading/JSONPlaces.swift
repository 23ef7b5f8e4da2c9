// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusJSON

/// Where each value of a JSON document begins, in the order of the document.
///
/// The parser keeps no places, because nearly nobody needs them. For the few who do, this finds them again, in one pass
/// over a document that the parser has accepted; of another one it finds some places, and means nothing.
struct JSONPlaces {
    private let bytes: [UInt8]
    private var offset = 0
    private var line = 1
    private var column = 1

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Goes on to the next value, or the next key, and returns where it begins.
    mutating func next() -> ConfigurationNode.Place {
        while self.offset < self.bytes.count, " \t\r\n,:]}".utf8.contains(self.bytes[self.offset]) { self.advance() }
        let place = ConfigurationNode.Place.position(line: self.line, column: self.column)
        guard self.offset < self.bytes.count else { return place }
        switch self.bytes[self.offset] {
        case UInt8(ascii: "\""):
            self.skipString()
        case UInt8(ascii: "["), UInt8(ascii: "{"):
            self.advance()
        default:
            while self.offset < self.bytes.count, !" \t\r\n,]}".utf8.contains(self.bytes[self.offset]) {
                self.advance()
            }
        }
        return place
    }

    private mutating func skipString() {
        self.advance()
        while self.offset < self.bytes.count {
            let byte = self.bytes[self.offset]
            self.advance()
            if byte == UInt8(ascii: "\"") { return }
            if byte == UInt8(ascii: "\\"), self.offset < self.bytes.count { self.advance() }
        }
    }

    private mutating func advance() {
        let byte = self.bytes[self.offset]
        self.offset += 1
        if byte == 0x0A || (byte == 0x0D && (self.offset == self.bytes.count || self.bytes[self.offset] != 0x0A)) {
            self.line += 1
            self.column = 1
        } else if byte & 0xC0 != 0x80 {
            self.column += 1
        }
    }
}

extension ConfigurationNode {
    /// Takes over a JSON value, asking for the places in the order of its document.
    init(_ json: JSONValue, at places: inout JSONPlaces, count: inout Int) {
        count += 1
        let place = places.next()
        switch json {
        case .array(let values):
            self.init(.list(values.map { ConfigurationNode($0, at: &places, count: &count) }), at: place)
        case .object(let object):
            let members = object.map { member in
                _ = places.next()
                return Member(key: member.name, node: ConfigurationNode(member.value, at: &places, count: &count))
            }
            self.init(.section(members), at: place)
        default:
            self.init(json: json)
            self.place = place
        }
    }
}
