// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import CloudEvents
import OmnibusCore
import OmnibusJSON

extension MessageRandom {
    /// Returns a message in which each field may be set; all of them if asked for.
    mutating func message(withEverything: Bool = false) throws -> Message {
        func chance(_ random: inout MessageRandom) -> Bool { withEverything || random.once(in: 2) }
        var message = Message(topic: self.topic(), payload: self.payload())
        message.id = self.id()
        if chance(&self) { message.key = self.text(upTo: 12) }
        if chance(&self) { message.acceptedAt = self.time() }
        message.priority = Priority.allCases.randomElement(using: &self) ?? .normal
        if chance(&self) { message.type = EventType(self.text(upTo: 20)) }
        if chance(&self) { message.source = self.text(upTo: 20) }
        if chance(&self) { message.subject = self.text(upTo: 20) }
        if chance(&self) { message.contentType = self.once(in: 2) ? "application/json" : "text/plain; charset=utf-8" }
        if chance(&self) { message.dataSchema = "https://example.org/" + self.text(upTo: 9) }
        if chance(&self) { message.sequence = self.text(upTo: 9) }
        if chance(&self) { message.headers = try self.headers(withEverything: withEverything) }
        if chance(&self) { message.createdAt = self.time() }
        if chance(&self) { message.correlationID = self.id() }
        if chance(&self) { message.causationID = self.id() }
        if chance(&self) { message.replyTo = self.topic() }
        if chance(&self) { message.traceContext = self.traceContext() }
        if chance(&self) { message.parentSpanID = "00f067aa0ba902b7" }
        if chance(&self) { message.timeToLive = self.timeToLive() }
        if chance(&self) { message.authentication = self.authentication() }
        return message
    }

    private mutating func topic() -> Topic {
        let topics: [Topic] = ["tasks", "agent.task.created", "orders.eu-west_1.é漢", "a.b.c.d.e.f"]
        return topics.randomElement(using: &self) ?? "tasks"
    }

    private mutating func id() -> MessageID {
        self.once(in: 2) ? MessageID(high: self.next(), low: self.next()) : MessageID(self.text(upTo: 40))
    }

    private mutating func time() -> Timestamp {
        let second = Int64.random(in: -62_167_219_200...253_402_300_799, using: &self)
        return Timestamp(secondsSinceEpoch: second, nanoseconds: Int.random(in: 0..<1_000_000_000, using: &self))
    }

    private mutating func timeToLive() -> Duration {
        switch Int.random(in: 0..<5, using: &self) {
        case 0: .seconds(60)
        case 1: .nanoseconds(Int64.random(in: 1...10_000_000_000, using: &self))
        case 2: Duration(secondsComponent: 1, attosecondsComponent: 1)
        case 3: Message.maximumTimeToLive
        default: .milliseconds(Int64.random(in: 1...1_000_000, using: &self))
        }
    }

    private mutating func traceContext() -> TraceContext {
        TraceContext(
            traceIDHigh: self.next(),
            traceIDLow: self.next(),
            spanID: self.next(),
            flags: UInt8.random(in: 0...3, using: &self),
            tracestate: self.once(in: 2) ? "vendor=value,other=1" : ""
        )
    }

    private mutating func authentication() -> AuthMetadata {
        AuthMetadata(
            issuer: self.once(in: 3) ? "" : self.text(upTo: 9),
            clientID: self.text(upTo: 9),
            signature: self.bytes(upTo: 64),
            timestamp: self.time()
        )
    }

    private mutating func headers(withEverything: Bool) throws -> MessageHeaders {
        var headers = MessageHeaders()
        for _ in 0..<Int.random(in: 0...8, using: &self) {
            let names = [
                "tenant", "attempt1", "x-free", "Mixed.Case", "ce-priority", "key", "omnibusx", "a_b", "7", "data",
            ]
            try headers.set(self.headerValue(), for: names.randomElement(using: &self) ?? "x")
        }
        if withEverything || self.once(in: 3) {
            headers.schemaVersion = SemanticVersion(1, 4, 0)
            headers.maxRetries = 3
            headers.operationName = self.text(upTo: 9)
            headers.setRetryCount(Int.random(in: 1...9, using: &self))
        }
        return headers
    }

    private mutating func headerValue() -> HeaderValue {
        switch Int.random(in: 0..<9, using: &self) {
        case 0: .text("")
        case 1: .text("with\ttab")
        case 2: .integer(Int64(bitPattern: self.next()))
        case 3: .integer(Int64.random(in: -9...9, using: &self))
        case 4: .double(Double.random(in: -1e9...1e9, using: &self))
        case 5: .double(Double(Int.random(in: -3...3, using: &self)) * (self.once(in: 2) ? 1 : 1e300))
        case 6: .boolean(self.once(in: 2))
        case 7: .bytes(self.bytes(upTo: 20))
        default: .text(self.text(upTo: 20))
        }
    }

    private mutating func payload() -> Payload {
        switch Int.random(in: 0..<4, using: &self) {
        case 0: .empty
        case 1: Payload(bytes: self.bytes(upTo: 60))
        case 2: Payload(Work(name: "a"), codec: CountingCodec(output: self.bytes(upTo: 30)))
        default: Payload(json: self.json(depth: 3))
        }
    }

    private mutating func json(depth: Int) -> JSONValue {
        switch Int.random(in: 0..<(depth > 0 ? 8 : 6), using: &self) {
        case 0: .null
        case 1: .bool(self.once(in: 2))
        case 2: .integer(Int64(bitPattern: self.next()))
        case 3: .number(Double.random(in: -1e9...1e9, using: &self))
        case 4: .number(Double(Int.random(in: -3...3, using: &self)))
        case 5: .string(self.text(upTo: 12))
        case 6: .array((0..<Int.random(in: 0...3, using: &self)).map { _ in self.json(depth: depth - 1) })
        default:
            .object(
                JSONObject(
                    (0..<Int.random(in: 0...3, using: &self)).map { _ in
                        (self.text(upTo: 5), self.json(depth: depth - 1))
                    }
                )
            )
        }
    }
}
