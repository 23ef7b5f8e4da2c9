// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

// The binary form of a message. Numbers are big-endian.
//
//     0        4       5       6       8            12                 12 + length
//    ┌────────┬───────┬───────┬───────┬────────────┬──────────────────┬──────────┐
//    │ "OMNB" │ major │ minor │ flags │ length     │ fields           │ CRC-32C  │
//    └────────┴───────┴───────┴───────┴────────────┴──────────────────┴──────────┘
//      4 bytes  1       1       2       4 bytes      length bytes       4 bytes
//
// A field is a tag (one byte), the length of its content (a varint: seven bits a byte, the lowest first, the top bit
// set on all but the last byte) and the content. Tags are in `BinaryForm.Tag`; each occurs at most once, except for
// headers; topic and payload are always there. A field that was not set is left out.
//
//    text         UTF-8
//    id           1 and 16 bytes for a UUID; 2 and UTF-8 for other text
//    time         seconds since 1970 (8 bytes, signed), nanoseconds (4 bytes)
//    duration     seconds (8 bytes, signed), attoseconds (8 bytes, signed)
//    payload      1 and bytes; 2 and JSON text. A typed payload is written as bytes, with its content type
//    header       kind, length of the name (varint), name, value; the kinds are in `BinaryForm.HeaderKind`
//    authentication   length and text of the issuer, of the client id, length and bytes of the signature, time
//
// What keeps old and new programs together: a reader refuses another major version and flags that it does not know,
// and skips tags that it does not know. So a minor version may add fields, never change the meaning of one. The
// checksum covers everything before it and is checked first; what it lets through is still read with every length
// checked against what is there before anything is allocated.

/// What the binary form of a message is made of.
enum BinaryForm {
    static let magic: [UInt8] = Array("OMNB".utf8)
    static let major: UInt8 = 1
    static let minor: UInt8 = 0
    /// The bytes before the fields, and those after them.
    static let prefixLength = 12
    static let suffixLength = 4

    /// What a field says.
    enum Tag: UInt8 {
        case topic = 1
        case key = 2
        case payload = 3
        case id = 4
        case acceptedAt = 5
        case priority = 6
        case type = 7
        case source = 8
        case subject = 9
        case contentType = 10
        case dataSchema = 11
        case sequence = 12
        case header = 13
        case retryCount = 14
        case createdAt = 15
        case correlationID = 16
        case causationID = 17
        case replyTo = 18
        case traceParent = 19
        case traceState = 20
        case parentSpanID = 21
        case timeToLive = 22
        case authentication = 23

        /// A set with this field alone, one bit a field.
        var bit: UInt32 { 1 << UInt32(self.rawValue) }
    }

    /// The kind of a header's value.
    enum HeaderKind: UInt8 {
        case text = 1
        /// Eight bytes, signed.
        case integer = 2
        /// Eight bytes, IEEE 754.
        case double = 3
        case no = 4
        case yes = 5
        case bytes = 6
    }

    /// The kind of a payload or of an id: bytes as they are, or text.
    enum Kind {
        static let bytes: UInt8 = 1
        static let text: UInt8 = 2
    }
}
