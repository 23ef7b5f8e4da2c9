// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import CloudEvents
import OmnibusCore
import OmnibusJSON
import Testing

@Suite("Binary form")
struct BinaryFormTests {
    @Test("reads back what was written", arguments: 0..<300 as Range<UInt64>)
    func readsBack(seed: UInt64) throws {
        var random = MessageRandom(seed: seed)
        let message = try random.message(withEverything: seed % 3 == 0)

        let copy = try Message(deserializing: message.serialize())

        #expect(copy == message, "seed \(seed)")
    }

    @Test("writes the same bytes again after reading them", arguments: 0..<50 as Range<UInt64>)
    func isStable(seed: UInt64) throws {
        var random = MessageRandom(seed: seed)
        let bytes = try random.message().serialize()

        #expect(try Message.deserialize(bytes).serialize() == bytes, "seed \(seed)")
    }

    @Test("keeps the kind of each header and of the payload")
    func keepsKinds() throws {
        var message = Message(topic: "tasks", payload: ["n": 1.0])
        message.headers = ["t": "1", "i": 1, "d": 1.0, "b": true, "f": false, "y": .bytes([1])]
        let copy = try Message(deserializing: message.serialize())

        #expect(Array(copy.headers) == Array(message.headers))
        guard case .json = copy.payload.storage else {
            Issue.record("the payload is no longer JSON")
            return
        }
    }

    @Test("writes a typed payload as bytes, with its content type")
    func writesTypedPayload() throws {
        let message = Message(topic: "tasks", value: Work(name: "a"), codec: CountingCodec(output: [1, 2]))
        let copy = try Message(deserializing: message.serialize())

        guard case .bytes([1, 2]) = copy.payload.storage else {
            Issue.record("the payload is not the codec's bytes")
            return
        }
        #expect(copy.contentType == "text/counted")
    }

    @Test("needs few bytes for an ordinary message, and no box after reading")
    func isSmall() throws {
        var message = Message(topic: "tasks", bytes: [1, 2, 3])
        message.id = "0190163d-8694-739b-aea5-966c26f8ad91"
        let bytes = try message.serialize()

        #expect(bytes.count <= 60)
        #expect(try Message(deserializing: bytes).extras == nil)
    }

    @Test("refuses every truncation, saying where")
    func refusesTruncation() throws {
        let bytes = try Self.sample().serialize()

        for count in bytes.indices {
            Self.expectDamage(Array(bytes[..<count]), "the first \(count) bytes")
        }
    }

    @Test("refuses every change of a single byte, saying where")
    func refusesChanges() throws {
        let bytes = try Self.sample().serialize()

        for index in bytes.indices {
            for flip in [0x01, 0x80, 0xFF] as [UInt8] {
                var damaged = bytes
                damaged[index] ^= flip
                Self.expectDamage(damaged, "byte \(index) changed by \(flip)")
            }
        }
    }

    @Test("refuses bytes that follow")
    func refusesMore() throws {
        Self.expectDamage(try Self.sample().serialize() + [0], "a byte more")
    }

    @Test(
        "refuses any bytes under a checksum that is right, or reads them, but never traps",
        arguments: 0..<200 as Range<UInt64>
    )
    func survivesAnything(seed: UInt64) throws {
        var random = MessageRandom(seed: seed)
        var bytes = try random.message().serialize()
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            bytes[Int.random(in: 12..<bytes.count - 4, using: &random)] = UInt8.random(in: 0...255, using: &random)
        }
        Self.seal(&bytes)

        do {
            _ = try Message(deserializing: bytes)
        } catch {
            #expect(error.code == .damagedMessage, "seed \(seed)")
            #expect(error.message.contains("at byte"), "seed \(seed)")
        }
    }

    @Test(
        "refuses fields that say nothing sensible, under a checksum that is right",
        arguments: [
            ([], "topic is missing"),
            ([1, 1, 97], "payload is missing"),
            ([1, 1, 97, 1, 1, 97], "comes a second time"),
            ([1, 4, 97, 46, 46, 97], "topic is not valid"),
            ([1, 1, 0xFF], "not UTF-8"),
            ([1, 0x85], "length of the field of tag 1 is missing"),
            ([1, 0x81, 0], "needless bytes"),
            ([1, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1], "does not end"),
            ([1, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F], "needs 4294967295 bytes and 0 are left"),
            ([3, 0], "payload is missing"),
            ([3, 1, 9], "unknown kind"),
            ([3, 3, 2, 123, 125, 6, 1, 9], "priority 9 is not known"),
            ([3, 2, 2, 123], "payload is not JSON"),
            ([4, 2, 1, 0], "needs 8 bytes"),
            ([4, 1, 3], "unknown kind"),
            ([5, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0, 0, 0], "not a time"),
            ([5, 12, 0x7F, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], "not a time"),
            ([6, 2, 1, 1], "1 bytes too many"),
            ([13, 2, 9, 0], "header is of an unknown kind"),
            ([14, 8, 0xFF, 0, 0, 0, 0, 0, 0, 0], "retry count"),
            ([1, 1, 97, 3, 1, 1, 19, 1, 97], "trace context is not valid"),
            ([22, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0x7F, 0, 0, 0, 0, 0, 0, 0], "not a duration"),
        ] as [([UInt8], String)]
    )
    func refusesNonsense(fields: [UInt8], reason: String) throws {
        let error = try #require(throws: OmnibusError.self) { try Message(deserializing: Self.wrapped(fields)) }

        #expect(error.code == .damagedMessage)
        #expect(error.message.contains(reason), "\(error.message)")
    }

    @Test("refuses what validation refuses, naming the field", arguments: Self.invalid)
    func refusesInvalid(part: String, change: @Sendable (inout Message) -> Void) throws {
        var message = Message(topic: "tasks", key: "k", bytes: [1])
        message.id = "evt-1"
        change(&message)
        let bytes = try message.serialize()
        let error = try #require(throws: OmnibusError.self) { try Message(deserializing: bytes) }

        #expect(error.code == .damagedMessage)
        #expect(error.message.contains(part), "\(error.message)")
        #expect(!error.message.contains("\r") && !error.message.contains("\n"))
    }

    @Test("skips fields of newer minor versions")
    func skipsUnknownFields() throws {
        let message = try Message(
            deserializing: Self.wrapped([200, 3, 1, 2, 3, 1, 1, 97, 3, 2, 1, 7, 201, 0], minor: 9)
        )

        #expect(message == Message(topic: "a", bytes: [7]))
    }

    @Test("refuses another major version and unknown flags")
    func refusesUnknownVersions() throws {
        var other = Self.wrapped([1, 1, 97, 3, 2, 1, 7])
        other[4] = 2
        Self.seal(&other)
        var flagged = Self.wrapped([1, 1, 97, 3, 2, 1, 7])
        flagged[7] = 1
        Self.seal(&flagged)

        let error = try #require(throws: OmnibusError.self) { try Message(deserializing: other) }
        #expect(error.message.contains("version 2 is not known"))
        Self.expectDamage(flagged, "flags")
    }

    /// Changes that make a message invalid, and what the error then names.
    private static let invalid: [(String, @Sendable (inout Message) -> Void)] = [
        ("key is empty", { $0.key = "" }),
        ("its id", { $0.id = "a\r\nb" }),
        ("header name", { $0.headers.put(1, for: "a\r\nb") }),
        ("header x", { $0.headers.put("a\r\nb", for: "x") }),
        ("header priority", { $0.headers.put("high", for: "priority") }),
        ("parent span id", { $0.parentSpanID = "xyz" }),
        ("time to live", { $0.timeToLive = .seconds(-1) }),
        ("time to live", { $0.timeToLive = .zero }),
        ("source", { $0.source = "a\u{0}" }),
        (
            "authentication's issuer",
            { $0.authentication = AuthMetadata(issuer: "a\r\nb", clientID: "c", signature: [1], timestamp: .epoch) }
        ),
        (
            "authentication's client id",
            { $0.authentication = AuthMetadata(issuer: "a", clientID: "c\n", signature: [1], timestamp: .epoch) }
        ),
    ]

    /// A message in which every field is set.
    private static func sample() throws -> Message {
        var random = MessageRandom(seed: 7)
        return try random.message(withEverything: true)
    }

    private static func expectDamage(_ bytes: [UInt8], _ what: String) {
        do {
            _ = try Message(deserializing: bytes)
            Issue.record("\(what): read as if nothing were wrong")
        } catch {
            #expect(error.code == .damagedMessage, "\(what): \(error)")
            #expect(error.message.contains("at byte"), "\(what): \(error)")
        }
    }

    /// Fields with what surrounds them.
    private static func wrapped(_ fields: [UInt8], minor: UInt8 = 0) -> [UInt8] {
        var bytes = Array("OMNB".utf8) + [1, minor, 0, 0, 0, 0, 0, UInt8(fields.count)] + fields + [0, 0, 0, 0]
        self.seal(&bytes)
        return bytes
    }

    /// Writes the checksum that is right for the bytes before it.
    private static func seal(_ bytes: inout [UInt8]) {
        let checksum = CRC32C.checksum(of: bytes.dropLast(4))
        bytes.removeLast(4)
        for shift in [24, 16, 8, 0] as [UInt32] { bytes.append(UInt8(truncatingIfNeeded: checksum >> shift)) }
    }
}
