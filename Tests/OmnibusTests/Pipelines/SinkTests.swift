// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import OmnibusTesting
import Testing

@testable import Omnibus

@Suite("Forwarding", .timeLimit(.minutes(1)))
struct ForwardingTests {
    let bus = ManualEnvironment(seed: 84).makeBus()

    @Test("gives each sink every message, whatever becomes of the others")
    func independent() async throws {
        let seen = EventRecorder<Int>()
        let broken = FunctionSink("broken") { _ in throw Broken() }
        let healthy = FunctionSink("push") { seen.record($0.payload["n"]?.intValue ?? -1) }
        let subscriptions = try await self.bus.forward(
            "order.#",
            to: [broken, healthy],
            with: HandlerSettings(failurePolicy: .noRetry)
        )
        for number in 0..<3 {
            try await self.bus.publish(Message(topic: "order.placed", payload: ["n": .init(number)]))
        }
        await self.bus.settled()
        #expect(seen.all == [0, 1, 2])
        #expect(try self.bus.deadLetters.count == 3)
        let nodes = self.bus.topology().subscriptions
        #expect(nodes.map(\.kind) == [.sink, .sink])
        #expect(nodes.map(\.name) == ["broken", "push"])
        #expect(nodes.map(\.id) == subscriptions.map(\.id))
    }

    @Test("runs messages through a pipeline before a sink sees them")
    func redacted() async throws {
        let seen = EventRecorder<Message>()
        try await self.bus.forward(
            "#",
            to: [FunctionSink("audit") { seen.record($0) }],
            through: TransformPipeline([.redacting()])
        )
        let whole = EventRecorder<Message>()
        try await self.bus.subscribe(to: "login") { whole.record($0.message) }
        try await self.bus.publish(Message(topic: "login", payload: ["password": "p"]))
        #expect(try await seen.next().payload["password"] == "[redacted]")
        #expect(try await whole.next().payload["password"] == "p")
    }

    @Test("to metrics counts messages by topic, or by what one likes")
    func metrics() async throws {
        let sinks: [any EventSink] = [
            try MetricsSink(self.bus.metrics),
            try MetricsSink(self.bus.metrics, name: "kinds", counter: "orders") {
                ["kind": $0.headers["kind"]?.text ?? "none"]
            },
        ]
        try await self.bus.forward("order.#", to: sinks)
        for kind in ["book", "book", "disc"] {
            var message = Message(topic: "order.placed", payload: 1)
            try message.headers.set(.text(kind), for: "kind")
            try await self.bus.publish(message)
        }
        await self.bus.settled()
        let text = try await self.bus.metrics.snapshot().prometheusText
        #expect(text.contains(#"forwarded_messages_total{topic="order.placed"} 3"#))
        #expect(text.contains(#"orders_total{kind="book"} 2"#))
        #expect(text.contains(#"orders_total{kind="disc"} 1"#))
        await expectError(.invalidMetric) { _ = try MetricsSink(self.bus.metrics, counter: "omnibus orders-ms") }
    }

    @Test("to another bus keeps ids and causes")
    func otherBus() async throws {
        let other = ManualEnvironment(seed: 85).makeBus()
        let seen = EventRecorder<Message>()
        try await other.subscribe(to: "#") { seen.record($0.message) }
        try await self.bus.forward("a.#", to: [BusSink("other", other)])
        let id = try await self.bus.publish(Message(topic: "a.b", payload: 1)).messageID
        let forwarded = try await seen.next()
        #expect(forwarded.id == id)
        #expect(forwarded.causationID == nil)
        #expect(forwarded.topic == "a.b")
    }

    @Test("subscribes no sink where one cannot be")
    func allOrNone() async throws {
        try await self.bus.shutdown()
        await expectError(.busClosed) { try await self.bus.forward("#", to: [FunctionSink("a") { _ in }]) }
        #expect(self.bus.topology().subscriptions.isEmpty)
    }
}

@Suite("The audit log", .timeLimit(.minutes(1)))
final class AuditLogTests {
    let folder = NSTemporaryDirectory() + "omnibus-audit-\(UUID().uuidString)"
    var path: String { self.folder + "/audit.jsonl" }

    init() throws {
        try FileManager.default.createDirectory(atPath: self.folder, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: self.folder)
    }

    private func lines(_ path: String) throws -> [JSONValue] {
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(text.isEmpty || text.hasSuffix("\n"))
        return try text.split(separator: "\n").map { try JSONValue(parsing: $0) }
    }

    private func message(_ id: String, _ payload: Payload = 1) -> Message {
        var message = Message(topic: "a.b", payload: payload)
        message.id = MessageID(id)
        return message
    }

    @Test("has a line of JSON for each message, bytes that are no JSON as base64")
    func lines() async throws {
        let sink = try JSONLinesSink(path: self.path, flushes: true)
        var first = self.message("1", ["text": "two\nlines"])
        try first.headers.set(.integer(7), for: "number")
        try await sink.receive(first)
        var second = Message(topic: "a.b", bytes: [0xFF])
        second.id = "2"
        try await sink.receive(second)
        let lines = try self.lines(self.path)
        #expect(lines.count == 2)
        #expect(lines[0]["id"] == "1")
        #expect(lines[0]["payload"]?["text"] == "two\nlines")
        #expect(lines[0]["headers"]?["number"] == 7)
        #expect(lines[1]["payload_base64"] == "/w==")
    }

    @Test("goes on where an earlier one ended, and keeps as many files as it may, the oldest going")
    func rotates() async throws {
        let size = try self.message("10").auditLine().count + 1
        for number in 10..<20 {
            let sink = try JSONLinesSink(path: self.path, maximumBytes: 2 * size, maximumFiles: 3)
            try await sink.receive(self.message("\(number)"))
        }
        #expect(try self.lines(self.path).map { $0["id"] } == ["18", "19"])
        #expect(try self.lines(self.path + ".1").map { $0["id"] } == ["16", "17"])
        #expect(try self.lines(self.path + ".2").map { $0["id"] } == ["14", "15"])
        #expect(!FileManager.default.fileExists(atPath: self.path + ".3"))
        let alone = try JSONLinesSink(path: self.path, maximumBytes: 1, maximumFiles: 1)
        try await alone.receive(self.message("20"))
        #expect(try self.lines(self.path).map { $0["id"] } == ["20"])
    }

    @Test("says which file cannot be written, and why", arguments: ["", "/nowhere/at/all.jsonl", "/", "a\0b"])
    func cannotOpen(path: String) throws {
        let error = #expect(throws: OmnibusError.self) { try JSONLinesSink(path: path) }
        #expect(error?.code == .sinkFailed || error?.code == .invalidSettings)
        #expect(error?.message.contains("log file") == true)
    }

    @Test("refuses sizes that are not positive", arguments: [(0, 1), (1, 0)])
    func sizes(bytes: Int, files: Int) throws {
        let error = #expect(throws: OmnibusError.self) {
            try JSONLinesSink(path: self.path, maximumBytes: bytes, maximumFiles: files)
        }
        #expect(error?.code == .invalidSettings)
    }

    @Test(
        "fails the delivery when the disk is full, which comes again",
        .enabled(
            if: FileManager.default.fileExists(atPath: "/dev/full"),
            "this system has no /dev/full, the disk that is always full"
        )
    )
    func fullDisk() async throws {
        let manual = ManualEnvironment(seed: 86)
        let bus = manual.makeBus()
        let sink = try JSONLinesSink(path: "/dev/full")
        try await bus.forward(
            "#",
            to: [sink],
            with: HandlerSettings(failurePolicy: .retry(.fixed([], then: .seconds(1)), attempts: 2))
        )
        try await bus.publish(Message(topic: "a", payload: 1))
        await bus.settled()
        manual.clock.advance(by: .seconds(1))
        await bus.settled()
        let letter = try #require(try bus.deadLetters.list().first)
        #expect(letter.attempts.count == 2)
        #expect(letter.attempts.first?.error.contains("/dev/full") == true)
    }
}

@Suite("Emitting", .timeLimit(.minutes(1)))
struct EmittingTests {
    @Test("never throws, and counts and tells what could not be emitted")
    func counts() async throws {
        let bus = EventBus(
            environment: ManualEnvironment(seed: 87).environment,
            settings: BusSettings(enqueueBounds: QueueBounds(count: 1))
        )
        let signals = EventRecorder<BusSignal.Kind>()
        bus.onSignal { signals.record($0.kind) }
        let settings = HandlerSettings(bounds: QueueBounds(count: 1), overflow: .suspend())
        let subscription = try await bus.subscribe(to: Step.self, with: settings) { _ in }
        try await subscription.pause()
        for number in 0..<10 { bus.emit(Step(number: number)) }
        // One is in the queue, and one waits; another one may be on its way between them.
        let failed = bus.failedEmissions
        #expect(failed == 8 || failed == 7)
        #expect(signals.all.count { $0 == .unpublished } == failed)
        try await subscription.resume()
        try await bus.flush()
        await bus.settled()
        #expect(try await bus.metrics().queues.acknowledged == 10 - failed)

        try await bus.shutdown()
        bus.emit(Message(topic: "late", payload: 1))
        #expect(bus.failedEmissions == failed + 1)
    }

    @Test("counts what is refused later")
    func later() async throws {
        let manual = ManualEnvironment(seed: 88)
        let bus = manual.makeBus()
        let settings = HandlerSettings(bounds: QueueBounds(count: 1), overflow: .suspend(atMost: .seconds(5)))
        let subscription = try await bus.subscribe(to: Step.self, with: settings) { _ in }
        try await subscription.pause()
        bus.emit(Step(number: 0))
        bus.emit(Step(number: 1))
        #expect(bus.failedEmissions == 0)
        await bus.suspendedPublishers(1)
        try await manual.clock.timers(atLeast: 1)
        manual.clock.advance(by: .seconds(5))
        try await bus.flush()
        #expect(bus.failedEmissions == 1)
    }
}
