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

/// What the guide pushes to.
private actor PushService {
    private(set) var sent: [Message] = []
    func send(_ message: Message) throws { self.sent.append(message) }
}

@Suite("The guide to shaping and forwarding", .timeLimit(.minutes(1)))
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

        let audit = try JSONLinesSink(path: path, maximumBytes: 10_000_000, maximumFiles: 5)
        let push = FunctionSink("push") { message in try await service.send(message) }
        try await bus.forward("payment.#", to: [audit, push], through: TransformPipeline([.redacting()]))

        bus.emit(PaymentSeen(account: "a", password: "p"))
        print(bus.failedEmissions)
        #expect(bus.failedEmissions == 0)

        await bus.settled()
        let sent = await service.sent
        #expect(sent.map { $0.payload["password"] } == ["[redacted]"])
        #expect(sent.first?.headers["component"] == .text("billing"))
        let line = try JSONValue(parsing: String(contentsOfFile: path, encoding: .utf8).dropLast())
        #expect(line["payload"]?["account"] == "a")
        try await bus.shutdown()
        try await quiet.shutdown()
    }
}
