// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Omnibus
import OmnibusTesting
import Testing

private struct PaymentSeen: Event {
    static let topic: Topic = "payment.seen"
    var account: String
    var password: String
}

private struct Report: Event {
    static let topic: Topic = "report"
    var text: String
}

/// Something by the name of gzip that halves the bytes `aaaa…`.
private struct HalvingCodec: CompressionCodec {
    var compression: Compression { .gzip }
    func compress(_ bytes: [UInt8]) throws(OmnibusError) -> [UInt8] {
        Array(bytes.filter { $0 != UInt8(ascii: "a") })
    }
    func decompress(_ bytes: [UInt8], limit: Int) throws(OmnibusError) -> [UInt8] {
        Array(bytes.dropLast(2) + Array("aaaaaaaa".utf8) + bytes.suffix(2))
    }
}

/// What the guide pushes to.
private actor PushService {
    private(set) var sent: [Message] = []
    func send(_ message: Message) throws { self.sent.append(message) }
}

@Suite("The guide to shaping and forwarding", .timeLimit(.minutes(5)))
struct ForwardingGuideTests {
    @Test("shapes, filters, forwards and emits")
    func wholeGuide() async throws {
        let path = NSTemporaryDirectory() + "omnibus-guide-\(UUID().uuidString).jsonl"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let service = PushService()

        let pipeline = TransformPipeline([
            .enriching(component: "billing", version: "1.4.0"),
            .prioritizing(["payment.failed": .high]),
            MessageTransform("lower-case keys") { message in message.key = message.key?.lowercased() },
        ])
        let bus = EventBus(settings: BusSettings(publishMiddleware: pipeline.publishMiddleware))
        #expect(bus.topology().publishTransforms == ["enriching", "prioritizing", "lower-case keys"])

        let filter = EventFilter(minimumPriority: .normal, disabledEvents: ["heartbeat"])
        let quiet = EventBus(settings: BusSettings(publishMiddleware: [filter.publishMiddleware]))
        let receipt = try await quiet.publish(Message(topic: "agent.heartbeat", payload: 1))
        print(receipt.matched ?? 0)
        #expect(receipt.matched == 0)

        let codecs = CompressionSettings(codecs: [HalvingCodec()])
        let text = "aaaaaaaa"
        let reports = [Message(topic: "report", bytes: Array(text.utf8))]
        let thrifty = EventBus(settings: BusSettings(compression: codecs))
        try await thrifty.publish(Report(text: text), compression: .gzip)
        let sent = try await thrifty.publish(batch: reports, compression: .gzip)
        print(sent.bytesBeforeCompression ?? 0, sent.bytesAfterCompression ?? 0)
        #expect([sent.bytesBeforeCompression, sent.bytesAfterCompression] == [8, 0])
        try await thrifty.shutdown()

        let audit = try JSONLinesSink(path: path, maximumBytes: 10_000_000, maximumFiles: 5)
        let push = FunctionSink("push") { message in try await service.send(message) }
        try await bus.forward("payment.#", to: [audit, push], through: TransformPipeline([.redacting()]))

        bus.emit(PaymentSeen(account: "a", password: "p"))
        print(bus.failedEmissions)
        #expect(bus.failedEmissions == 0)

        await bus.settled()
        let pushed = await service.sent
        #expect(pushed.map { $0.payload["password"] } == ["[redacted]"])
        #expect(pushed.first?.headers["component"] == .text("billing"))
        let line = try JSONValue(parsing: String(contentsOfFile: path, encoding: .utf8).dropLast())
        #expect(line["payload"]?["account"] == "a")
        try await bus.shutdown()
        try await quiet.shutdown()
    }
}
