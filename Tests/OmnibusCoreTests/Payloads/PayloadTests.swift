// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import CloudEvents
import OmnibusCore
import OmnibusJSON
import Synchronization
import Testing

@Suite("Payloads")
struct PayloadTests {
    @Test("are written as JSON literals and read back")
    func readLiterals() throws {
        let payload: Payload = ["action": "analyze", "pages": 12, "deep": true, "parts": [1, 2.5, nil]]

        #expect(payload["action"] == "analyze")
        #expect(payload["pages"] == 12)
        #expect(payload["parts"] == [1, 2.5, nil])
        #expect(payload["missing"] == nil)
        #expect(payload.contentType == "application/json")
        #expect(try payload.bytes() == Array(#"{"action":"analyze","pages":12,"deep":true,"parts":[1,2.5,null]}"#.utf8))
    }

    @Test("can be every kind of JSON literal")
    func takeLiterals() throws {
        let payloads: [(Payload, JSONValue)] = [
            (["a"], ["a"]), ("a", "a"), (1, 1), (1.5, 1.5), (true, true), (nil, nil), ([:], [:]),
        ]

        for (payload, json) in payloads {
            #expect(try payload.json() == json)
        }
    }

    @Test("read JSON members of bytes and of typed values")
    func readMembers() {
        let json = Array(#"{"action":"analyze"}"#.utf8)

        #expect(Payload(bytes: json)["action"] == "analyze")
        #expect(Payload(Work(name: "analyze"), codec: CountingCodec(output: json))["action"] == "analyze")
        #expect(Payload(bytes: [1, 2, 3])["action"] == nil)
    }

    @Test("encode a typed value once, and only when its bytes are asked for")
    func encodeOnce() throws {
        let codec = CountingCodec(output: [1, 2, 3])
        let payload = Payload(Work(name: "a"), codec: codec)

        #expect(payload.value(as: Work.self) == Work(name: "a"))
        #expect(try payload.decode(as: Work.self, codec: codec) == Work(name: "a"))
        _ = (payload.estimatedSize, payload.contentType, payload.description)
        #expect(codec.encoded == 0 && codec.decoded == 0)

        let copy = payload
        #expect(try payload.bytes() == [1, 2, 3])
        #expect(try copy.bytes() == [1, 2, 3])
        #expect(codec.encoded == 1)
    }

    @Test("give the same bytes to everyone, whoever encodes first")
    func encodeForEveryone() async throws {
        let payload = Payload(Work(name: "a"), codec: NumberingCodec())

        let results = try await withThrowingTaskGroup(of: [UInt8].self) { group in
            for _ in 0..<50 { group.addTask { try payload.bytes() } }
            return try await group.reduce(into: Set<[UInt8]>()) { $0.insert($1) }
        }

        #expect(results.count == 1)
    }

    @Test("encode a typed value once when several threads ask first together")
    func encodeOnceForThreads() throws {
        let crowd = Crowd(expecting: 8)
        let codec = WaitingCodec(crowd: crowd)
        let payload = Payload(Work(name: "a"), codec: codec)
        let results = Mutex<[[UInt8]]>([])

        crowd.run { if let bytes = try? payload.bytes() { results.withLock { $0.append(bytes) } } }

        #expect(codec.encoded == 1)
        #expect(results.withLock { $0 } == Array(repeating: [1], count: 8))
    }

    @Test("encode a typed value again after a failure")
    func encodeAfterFailure() throws {
        let payload = Payload(Work(name: "a"), codec: RecoveringCodec())

        #expect(throws: OmnibusError.self) { try payload.bytes() }
        #expect(try payload.bytes() == [2])
        #expect(try payload.bytes() == [2])
    }

    @Test("give a typed value as its own type alone")
    func giveOwnType() {
        let payload = Payload(7, codec: CountingCodec(output: []))

        #expect(payload.value(as: Int.self) == 7)
        #expect(payload.value(as: Int?.self) == nil)
        #expect(payload.value(as: Int64.self) == nil)
        #expect(payload.value(as: (any Sendable).self) == nil)
        #expect(Payload(bytes: []).value(as: Int.self) == nil)
    }

    @Test("decode another type through bytes")
    func decodeOthers() throws {
        let codec = CountingCodec(output: [9])

        #expect(try Payload(Work(name: "a"), codec: codec).decode(as: [UInt8].self, codec: codec) == [9])
        #expect(try Payload(bytes: [5]).decode(as: [UInt8].self, codec: codec) == [5])
        #expect(codec.decoded == 2)
    }

    @Test("that cannot be encoded say so, with the cause")
    func areUnencodable() throws {
        let payload = Payload(Work(name: "secret"), codec: CountingCodec(output: nil))
        let error = try #require(throws: OmnibusError.self) { try payload.bytes() }

        #expect(error.code == .unencodable)
        #expect(error.advice == .deadLetter)
        #expect(error.cause is CountingCodec.Failure)
        #expect(!error.description.contains("secret"))
    }

    @Test("that cannot be decoded say so, with the cause and without the payload")
    func areUndecodable() throws {
        let payload = Payload(bytes: Array("secret".utf8))
        let error = try #require(throws: OmnibusError.self) {
            try payload.decode(as: Work.self, codec: CountingCodec(output: nil))
        }

        #expect(error.code == .undecodable)
        #expect(error.message.contains("Work") && error.message.contains("text/counted"))
        #expect(error.cause is CountingCodec.Failure)
        #expect(!error.description.contains("secret"))
        #expect(throws: OmnibusError.self) { try payload.json() }
    }

    @Test("are equal as JSON values, else as bytes")
    func areEqual() {
        let typed = Payload(Work(name: "a"), codec: CountingCodec(output: Array("[1]".utf8)))
        let broken = Payload(Work(name: "a"), codec: CountingCodec(output: nil))

        #expect(Payload(bytes: [1]) == Payload(bytes: [1]))
        #expect(Payload(bytes: [1]) != Payload(bytes: [2]))
        #expect(["a": 1, "b": 2] as Payload == ["b": 2, "a": 1])
        #expect(typed == Payload(bytes: Array("[1]".utf8)))
        #expect(typed == [1])
        #expect(typed != [2])
        #expect(broken == broken)
        #expect(broken != Payload(Work(name: "a"), codec: CountingCodec(output: nil)))
    }

    @Test("never show what they hold")
    func hideContent() {
        let payloads: [Payload] = [
            "secret", Payload(bytes: Array("secret".utf8)),
            Payload(Work(name: "secret"), codec: CountingCodec(output: [])),
        ]

        for payload in payloads {
            #expect(!"\(payload)".contains("secret"))
        }
    }

    @Test("of JSON have a size however deep they are, in a thread's small stack")
    func measureDepth() {
        let levels = 200
        var value: JSONValue = [1]
        for level in 0..<levels { value = level % 2 == 0 ? [value] : ["a": value] }
        // An integer 8, an array 2 and 1 for each element, an object 2 and 4 and the name's length for each member.
        #expect(Payload(json: value).estimatedSize == 11 + levels / 2 * 3 + levels / 2 * 7)

        let size = Mutex(0)
        _ = Self.deep
        Crowd(expecting: 1, stackSize: 256 * 1_024).run { size.withLock { $0 = Self.deep.estimatedSize } }
        #expect(size.withLock { $0 } == 11 + 3_000 * 3)
    }

    /// A payload 3,000 arrays deep; never freed, which takes as much stack as there are arrays.
    private static let deep: Payload = {
        var value: JSONValue = [1]
        for _ in 0..<3_000 { value = [value] }
        return Payload(json: value)
    }()

    @Test("fit into three words")
    func areSmall() {
        #expect(MemoryLayout<Payload>.size <= 24)
    }
}

/// A typed payload of the tests.
struct Work: Codable, Sendable, Equatable {
    var name: String
}

/// A codec that encodes everything as the same bytes, and counts.
final class CountingCodec: PayloadCodec {
    struct Failure: Error {}

    let contentType = "text/counted"
    private let output: [UInt8]?
    private let counts = Mutex((encoded: 0, decoded: 0))

    /// Creates a codec; without output it fails.
    init(output: [UInt8]?) {
        self.output = output
    }

    var encoded: Int { self.counts.withLock { $0.encoded } }
    var decoded: Int { self.counts.withLock { $0.decoded } }

    func encode(_ value: some Encodable) throws -> [UInt8] {
        self.counts.withLock { $0.encoded += 1 }
        guard let output = self.output else { throw Failure() }
        return output
    }

    func decode<Value: Decodable>(_ type: Value.Type, from bytes: some Sequence<UInt8>) throws -> Value {
        self.counts.withLock { $0.decoded += 1 }
        guard let value = Array(bytes) as? Value else { throw Failure() }
        return value
    }
}

/// A codec whose output differs each time.
final class NumberingCodec: PayloadCodec {
    let contentType = "text/numbered"
    private let number = Atomic(0)

    func encode(_ value: some Encodable) throws -> [UInt8] {
        Array("\(self.number.add(1, ordering: .relaxed).newValue)".utf8)
    }

    func decode<Value: Decodable>(_ type: Value.Type, from bytes: some Sequence<UInt8>) throws -> Value {
        throw CountingCodec.Failure()
    }
}
