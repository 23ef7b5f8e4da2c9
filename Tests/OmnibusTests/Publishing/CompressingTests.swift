// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusTesting
import Synchronization
import Testing

@testable import Omnibus

/// A codec of our own, so that no library is needed: each run of a byte is its length and the byte.
private struct RunLengthCodec: CompressionCodec {
    static let compression = Compression(rawValue: "run-length")
    var compression: Compression { Self.compression }
    /// How often something was decompressed.
    var uses = EventRecorder<Int>()

    func compress(_ bytes: [UInt8]) throws(OmnibusError) -> [UInt8] {
        var result: [UInt8] = []
        var rest = bytes[...]
        while let byte = rest.first {
            let run = rest.prefix(255).prefix { $0 == byte }.count
            result += [UInt8(run), byte]
            rest = rest.dropFirst(run)
        }
        return result
    }

    func decompress(_ bytes: [UInt8], limit: Int) throws(OmnibusError) -> [UInt8] {
        guard bytes.count % 2 == 0 else { throw OmnibusError(.undecodable, "Half a run.", advice: .deadLetter) }
        var result: [UInt8] = []
        for place in stride(from: 0, to: bytes.count, by: 2) {
            guard result.count + Int(bytes[place]) <= limit else {
                throw OmnibusError(.tooLarge, "More than \(limit) bytes.", advice: .deadLetter)
            }
            result += Array(repeating: bytes[place + 1], count: Int(bytes[place]))
        }
        self.uses.record(result.count)
        return result
    }
}

@Suite("Compression", .timeLimit(.minutes(5)))
struct CompressingTests {
    private struct Letter: Event, Hashable {
        static let topic: Topic = "letter"
        var text: String
    }

    private let codec = RunLengthCodec()
    private var settings: CompressionSettings { CompressionSettings(codecs: [self.codec], limit: 2_000) }
    private let letter = Letter(text: String(repeating: "a", count: 500))

    private func makeBus(_ middleware: [PublishMiddleware] = []) -> EventBus {
        ManualEnvironment(seed: 92).makeBus(
            settings: BusSettings(compression: self.settings, publishMiddleware: middleware)
        )
    }

    @Test("shrinks what travels, and handlers of every kind get what was published")
    func roundTrip() async throws {
        let bus = self.makeBus()
        let (events, whole, messages) = (EventRecorder<Letter>(), EventRecorder<Letter>(), EventRecorder<Message>())
        let (tapped, observed) = (EventRecorder<Message>(), EventRecorder<Letter>())
        try await bus.subscribe(to: Letter.self) { events.record($0) }
        try await bus.subscribe(to: Letter.self) { letter, _ in whole.record(letter) }
        try await bus.subscribe(to: "#") { messages.record($0.message) }
        try bus.tap { tapped.record($0) }
        try bus.observe(Letter.self) { observed.record($0) }
        let sequence = try await bus.deliveries(of: "letter")

        let receipt = try await bus.publish(self.letter, compression: RunLengthCodec.compression)
        #expect(receipt.matched == 5)
        await bus.settled()
        #expect(events.all == [self.letter])
        #expect(whole.all == [self.letter])
        #expect(observed.all == [self.letter])
        var iterator = sequence.makeAsyncIterator()
        let delivery = try #require(try await iterator.next())
        let text = JSONValue.string(self.letter.text)
        for message in messages.all + tapped.all + [delivery.message] {
            #expect(message.id == receipt.messageID)
            #expect(message.contentType == "application/json")
            #expect(message.headers[Compression.header] == nil)
            #expect(message.payload["text"] == text)
        }
        await sequence.cancel()
        try await bus.shutdown()
    }

    @Test("decompresses at most once for each delivery, and not at all where nobody looks")
    func lazily() async throws {
        let bus = self.makeBus()
        try await bus.subscribe(to: "#") { _ in }
        try await bus.publish(self.letter, compression: RunLengthCodec.compression)
        await bus.settled()
        #expect(self.codec.uses.count == 0)

        try await bus.subscribe(to: "letter") { delivery in
            for _ in 0..<3 { _ = try delivery.message.payload.bytes() }
        }
        try await bus.publish(self.letter, compression: RunLengthCodec.compression)
        await bus.settled()
        #expect(self.codec.uses.count == 1)
        try await bus.shutdown()
    }

    @Test("travels compressed, over any provider, with a header that says how")
    func onTheWay() async throws {
        let provider = PoorProvider()
        let bus = EventBus(provider: provider, settings: BusSettings(compression: self.settings))
        let seen = EventRecorder<Letter>()
        try await bus.subscribe(to: Letter.self) { seen.record($0) }
        let raw = EventRecorder<Message>()
        let reader = EventBus(provider: provider)
        try await reader.subscribe(to: "letter") { raw.record($0.message) }

        try await bus.publish(self.letter, compression: RunLengthCodec.compression)
        #expect(try await seen.next() == self.letter)
        // A bus without the codec hands the message on as it is, for somebody who has it.
        let message = try await raw.next()
        #expect(message.headers[Compression.header] == .text("run-length"))
        #expect(try message.payload.bytes().count < 100)
        let relayed = EventRecorder<Letter>()
        let owner = self.makeBus()
        try await owner.subscribe(to: Letter.self) { relayed.record($0) }
        try await BusSink("owner", owner).receive(message)
        #expect(try await relayed.next() == self.letter)
        for bus in [bus, reader, owner] { try await bus.shutdown() }
    }

    @Test("that a bus cannot undo makes a dead letter where a type is wanted, and says what is missing")
    func unreadable() async throws {
        let bus = EventBus()
        try await bus.subscribe(to: Letter.self) { _ in }
        try await bus.subscribe(to: Letter.self) { _, _ in }
        try await bus.publish(self.settings.compress(self.message, with: RunLengthCodec.compression))
        await bus.settled()
        let letters = try bus.deadLetters.list()
        #expect(letters.count == 2)
        for letter in letters {
            let text = letter.attempts.first?.error ?? ""
            #expect(text.contains("by 'run-length'") && text.contains("OmnibusCompression"), "\(text)")
        }
        try await bus.shutdown()
    }

    private var message: Message { Message(topic: "letter", value: self.letter, codec: JSONCodec()) }

    @Test("does not hide from a subscription what its condition is about")
    func conditions() async throws {
        let bus = self.makeBus()
        let seen = EventRecorder<Int>()
        try await bus.subscribe(to: Letter.self, where: { $0.text.count > 400 }) { seen.record($0.text.count) }
        let short = Letter(text: String(repeating: "a", count: 300))
        #expect(try await bus.publish(short, compression: RunLengthCodec.compression).matched == 0)
        try await bus.publish(self.letter, compression: RunLengthCodec.compression)
        await bus.settled()
        #expect(seen.all == [500])
        try await bus.shutdown()
    }

    @Test(
        "by a codec whose name the header cannot say is refused",
        arguments: ["XZ", "br", "x-gzip", "identity", "none"]
    )
    func unspeakable(name: String) async throws {
        struct Named: CompressionCodec {
            let compression: Compression
            func compress(_ bytes: [UInt8]) throws(OmnibusError) -> [UInt8] { [] }
            func decompress(_ bytes: [UInt8], limit: Int) throws(OmnibusError) -> [UInt8] { [] }
        }
        let compression = Compression(rawValue: name)
        let settings = CompressionSettings(codecs: [Named(compression: compression)])
        let bus = EventBus(settings: BusSettings(compression: settings))
        let other = Compression(rawValue: name == "none" ? "other" : name)
        await expectError(.invalidSettings) { _ = try await bus.publish(self.message, compression: other) }
    }

    @Test("that would not help leaves the message as it is")
    func noGain() async throws {
        let bus = self.makeBus()
        let seen = EventRecorder<Message>()
        try await bus.subscribe(to: "#") { seen.record($0.message) }
        try await bus.publish(Message(topic: "a", bytes: [1, 2, 3]), compression: RunLengthCodec.compression)
        #expect(try await seen.next().payload.bytes() == [1, 2, 3])
        #expect(self.codec.uses.count == 0)
        let metrics = try await bus.publisherMetrics()
        #expect([metrics.bytesBeforeCompression, metrics.bytesAfterCompression] == [3, 3])
        try await bus.shutdown()
    }

    @Test("of a batch reports on each message, and on bytes before and after")
    func batch() async throws {
        let bus = self.makeBus()
        let seen = EventRecorder<[UInt8]>()
        try await bus.subscribe(to: "#") { seen.record(try $0.message.payload.bytes()) }
        let zeros = [UInt8](repeating: 0, count: 100)
        let batch = [
            Message(topic: "a", bytes: zeros), Message(topic: "a", bytes: [UInt8](repeating: 1, count: 3_000)),
            Message(topic: "a", bytes: zeros),
        ]
        let result = try await bus.publish(batch: batch, compression: RunLengthCodec.compression)
        #expect([result.successCount, result.failureCount] == [2, 1])
        #expect(result.errors.map(\.code) == [.tooLarge])
        #expect(result.bytesBeforeCompression == 200)
        #expect(result.bytesAfterCompression == 4)
        await bus.settled()
        #expect(seen.all == [zeros, zeros])

        let plain = try await bus.publish(batch: batch, compression: .none)
        #expect([plain.bytesBeforeCompression, plain.bytesAfterCompression] == [3_200, 3_200])
        #expect(try await bus.publish(batch: batch).bytesBeforeCompression == nil)
        let metrics = try await bus.publisherMetrics()
        #expect(metrics.batches == 3)
        #expect(metrics.compressed == 5)
        #expect(metrics.published == 8)
        #expect(metrics.compressionRatio < 1)
        try await bus.shutdown()
    }

    @Test("by a codec that is not there is refused, and nothing is published")
    func unlinked() async throws {
        let bus = self.makeBus()
        let message = Message(topic: "a", bytes: [0, 0, 0, 0])
        for call in 0..<2 {
            let error = await expectError(.unsupported) {
                if call == 0 {
                    _ = try await bus.publish(message, compression: .zstd)
                } else {
                    _ = try await bus.publish(batch: [message], compression: .zstd)
                }
            }
            #expect(error?.details as? String == "zstd")
            #expect(error?.message.contains("there are: run-length") == true)
        }
        #expect(try await bus.metrics().published == 0)
    }

    @Test("of what is compressed already, or with a limit of nothing, is refused")
    func absurd() async throws {
        let bus = self.makeBus()
        var message = Message(topic: "a", bytes: [0, 0, 0, 0])
        try message.headers.set("gzip", for: Compression.header)
        await expectError(.invalidMessage) {
            _ = try await bus.publish(message, compression: RunLengthCodec.compression)
        }
        let closed = EventBus(settings: BusSettings(compression: CompressionSettings(codecs: [self.codec], limit: 0)))
        await expectError(.invalidSettings) {
            _ = try await closed.publish(Message(topic: "a", bytes: [0]), compression: RunLengthCodec.compression)
        }
    }

    @Test("that grows beyond the limit, is damaged, or is unknown makes a dead letter with the message as it came")
    func strangers() async throws {
        let bus = self.makeBus()
        let seen = EventRecorder<Letter>()
        try await bus.subscribe(to: Letter.self) { seen.record($0) }
        let bomb = (0..<10).flatMap { _ in [UInt8(255), UInt8(ascii: " ")] }
        for (encoding, bytes) in [("run-length", bomb), ("run-length", [1]), ("mystery", [1, 2])] {
            var message = Message(topic: "letter", bytes: bytes)
            try message.headers.set(.text(encoding), for: Compression.header)
            try await bus.publish(message)
        }
        await bus.settled()
        #expect(seen.count == 0)
        let letters = try bus.deadLetters.list()
        #expect(letters.map(\.reason) == [.tooLarge, .undecodable, .retriesExhausted])
        #expect(letters.map(\.attempts.count) == [1, 1, 1])
        #expect(try letters.first?.message.payload.bytes() == bomb)
        #expect(letters.first?.message.headers[Compression.header] == .text("run-length"))
        try await bus.shutdown()
    }

    @Test("comes behind the middleware, which sees what is in the message")
    func afterMiddleware() async throws {
        let bus = self.makeBus(TransformPipeline([.redacting(["text"])]).publishMiddleware)
        let seen = EventRecorder<Letter>()
        try await bus.subscribe(to: Letter.self) { seen.record($0) }
        try await bus.publish(self.letter, compression: RunLengthCodec.compression)
        #expect(try await seen.next() == Letter(text: "[redacted]"))
        try await bus.shutdown()
    }

    @Test("is a transform too, for what is worth it")
    func transform() async throws {
        let transform = MessageTransform.compressing(RunLengthCodec.compression, by: self.settings, from: 100)
        let bus = self.makeBus(TransformPipeline([transform]).publishMiddleware)
        let seen = EventRecorder<Int>()
        try await bus.subscribe(to: Letter.self) { seen.record($0.text.count) }
        try await bus.publish(Letter(text: "short"))
        #expect(try await seen.next() == 5)
        #expect(self.codec.uses.count == 0)
        try await bus.publish(self.letter)
        #expect(try await seen.next() == 500)
        #expect(self.codec.uses.count == 1)
        #expect(bus.topology().publishTransforms == ["compressing"])
        try await bus.shutdown()
    }

    @Test("of a request and of its answer is undone for both")
    func requests() async throws {
        let bus = self.makeBus(
            TransformPipeline([.compressing(RunLengthCodec.compression, by: self.settings, from: 10)]).publishMiddleware
        )
        try await bus.respond(to: "echo") { (letter: Letter) in letter }
        let answer = try await bus.request(self.letter, to: "echo", as: Letter.self)
        #expect(answer == self.letter)
        #expect(self.codec.uses.count == 1)
        try await bus.shutdown()
    }

    @Test("has names, HTTP's where there are any", arguments: Compression.named)
    func names(compression: Compression) {
        #expect(Compression(contentEncoding: compression.contentEncoding.uppercased()) == compression)
        #expect(Compression(rawValue: compression.rawValue) == compression)
        #expect(Compression(contentEncoding: "identity") == Compression.none)
        #expect(Compression(contentEncoding: "x-gzip") == .gzip)
        #expect(Compression.brotli.contentEncoding == "br")
    }

    @Test("cannot be changed while the bus lives")
    func update() async throws {
        let bus = self.makeBus()
        var settings = bus.settings
        settings.compression.limit = 7
        let error = await expectError(.unsupported) { try bus.update(settings) }
        #expect(error?.message.contains("'compression'") == true)
    }
}
