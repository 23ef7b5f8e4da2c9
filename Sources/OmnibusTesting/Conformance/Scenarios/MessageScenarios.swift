// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus

/// The number of a message that is published last, so that whoever has it has had everything before.
let marker = 1_000_000

extension ProviderConformance {
    /// Messages arrive, once and as they were.
    static let messageScenarios: [Scenario] = [
        Scenario("A message comes to who subscribed before it was published") { run in
            let reader = try await run.subscribe("a")
            try await run.publish(7, to: "a")
            let delivery = try await reader.next()
            try run.expect(delivery.message.number, 7, "what the message carries")
            try await delivery.ack()
        },
        Scenario("Every message comes, of many") { run in
            let reader = try await run.subscribe("a")
            try await run.publish(0..<40, to: "a")
            try await run.publish(marker, to: "a")
            let numbers = Set(try await reader.numbers(before: marker))
            try run.expect((0..<40).filter { !numbers.contains($0) }, [], "messages that did not come")
        },
        Scenario("A message that was acknowledged does not come again") { run in
            let reader = try await run.subscribe("a")
            try await run.publish(0..<10, to: "a")
            try await run.publish(marker, to: "a")
            let numbers = try await reader.numbers(before: marker)
            let repeated = Set(numbers.filter { number in numbers.count { $0 == number } > 1 }).sorted()
            try run.expect(repeated, [], "messages that came more than once")
        },
        Scenario("A message keeps the payload's bytes, whatever they are") { run in
            let bytes = (0..<300).flatMap { _ in (UInt8.min...UInt8.max).reversed() }
            let reader = try await run.subscribe("a")
            try await run.publish(Message(topic: try run.topic("a"), bytes: bytes))
            let found = try await reader.next().message.payload.bytes()
            try run.expect(found == bytes, "\(bytes.count) bytes, as they were sent", found: "\(found.count) others")
        },
        Scenario("A message keeps a payload of JSON") { run in
            let json: JSONValue = ["text": "ä\u{1F600}\"\\", "list": [1, -2.5, true, nil, []], "object": ["": ""]]
            let reader = try await run.subscribe("a")
            try await run.publish(Message(topic: try run.topic("a"), payload: Payload(json: json)))
            try run.expect(try await reader.next().message.payload.json(), json, "the payload")
        },
        Scenario("A message may have an empty payload") { run in
            let reader = try await run.subscribe("a")
            try await run.publish(Message(topic: try run.topic("a"), payload: .empty))
            try run.expect(try await reader.next().message.payload.bytes(), [], "the payload's bytes")
        },
        Scenario("A message keeps topic, key, type, source, subject, content type, schema and sequence") { run in
            var sent = try run.message(1, to: "a.b", key: "a key, with ä")
            sent.type = EventType(rawValue: "com.example.made")
            sent.source = "somewhere/else"
            sent.subject = "the subject"
            sent.contentType = "application/vnd.example+json"
            sent.dataSchema = "https://example.com/schema"
            sent.sequence = "00042"
            let reader = try await run.subscribe("a.b")
            try await run.publish(sent)
            let found = try await reader.next().message
            try run.expect(found.topic, sent.topic, "the topic")
            try run.expect(found.key, sent.key, "the key")
            try run.expect(found.type, sent.type, "the type")
            try run.expect(found.source, sent.source, "the source")
            try run.expect(found.subject, sent.subject, "the subject")
            try run.expect(found.contentType, sent.contentType, "the content type")
            try run.expect(found.dataSchema, sent.dataSchema, "the schema")
            try run.expect(found.sequence, sent.sequence, "the sequence")
        },
        Scenario("A message keeps headers of every type") { run in
            var sent = try run.message(1, to: "a")
            try sent.headers.set(.text("a text, with ä"), for: "x-text")
            try sent.headers.set(.text(""), for: "x-empty")
            try sent.headers.set(.integer(.min), for: "x-integer")
            try sent.headers.set(.double(-0.125), for: "x-double")
            try sent.headers.set(.boolean(true), for: "x-boolean")
            try sent.headers.set(.bytes([0, 255, 10, 13]), for: "x-bytes")
            let reader = try await run.subscribe("a")
            try await run.publish(sent)
            let found = try await reader.next().message.headers
            for header in sent.headers {
                try run.expect(found[header.name], header.value, "the header '\(header.name)'")
            }
        },
        Scenario("A message keeps its cause, its trace and where to answer") { run in
            var sent = try run.message(1, to: "a")
            sent.correlationID = "the whole"
            sent.causationID = "the cause"
            sent.traceContext = TraceContext(traceIDHigh: 1, traceIDLow: 2, spanID: 3, flags: 1, tracestate: "x=y")
            sent.parentSpanID = "00f067aa0ba902b7"
            sent.replyTo = try run.topic("answers")
            let reader = try await run.subscribe("a")
            try await run.publish(sent)
            let found = try await reader.next().message
            try run.expect(found.correlationID, sent.correlationID, "the correlation id")
            try run.expect(found.causationID, sent.causationID, "the causation id")
            try run.expect(found.traceContext, sent.traceContext, "the trace context")
            try run.expect(found.parentSpanID, sent.parentSpanID, "the parent's span")
            try run.expect(found.replyTo, sent.replyTo, "the topic for answers")
        },
        Scenario("A message keeps its creation time, its priority and its time to live") { run in
            var sent = try run.message(1, to: "a")
            sent.createdAt = Timestamp(nanosecondsSinceEpoch: 1_234_567_890_123_456_789)
            sent.priority = .high
            sent.timeToLive = .seconds(86_400)
            let reader = try await run.subscribe("a")
            try await run.publish(sent)
            let found = try await reader.next().message
            try run.expect(found.createdAt, sent.createdAt, "the time of creation")
            try run.expect(found.priority, sent.priority, "the priority")
            try run.expect(found.timeToLive, sent.timeToLive, "the time to live")
        },
        Scenario("A message keeps the id that its publisher gave it") { run in
            var sent = try run.message(1, to: "a")
            sent.id = "made by hand, 1"
            let reader = try await run.subscribe("a")
            let receipt = try await run.publish(sent)
            try run.expect(receipt.messageID, sent.id, "the id in the receipt")
            try run.expect(try await reader.next().message.id, sent.id, "the id of what came")
        },
        Scenario("No two messages get the same id") { run in
            let reader = try await run.subscribe("a")
            try await run.publish(0..<5, to: "a")
            try await run.publish(marker, to: "a")
            // Directly, a provider may leave the ids to the bus.
            let ids = try await reader.deliveries(before: marker).map(\.message.id).filter(\.isAssigned)
            let repeated = ids.filter { id in ids.count { $0 == id } > 1 }
            try run.expect(Set(repeated).sorted(), [], "ids that several messages have")
            if run.way == .bus { try run.expect(ids.isEmpty, false, "messages without an id") }
        },
        Scenario("A receipt names the id with which the message arrives") { run in
            let reader = try await run.subscribe("a")
            let receipt = try await run.publish(1, to: "a")
            try run.expect(try await reader.next().message.id, receipt.messageID, "the id of what came")
        },
        Scenario("A receipt counts the groups that match", needs: [.matchCount]) { run in
            let nobody = try await run.publish(1, to: "a").matched
            guard run.capabilities.has(.matchCount) else {
                try run.expect(nobody, nil, "matches where the provider cannot know")
                throw ConformanceSkip("The receipt says that it is not known.")
            }
            try run.expect(nobody, 0, "matches where nobody listens")
            _ = try await run.subscribe("a")
            _ = try await run.subscribe("a")
            _ = try await run.subscribe("b")
            try run.expect(try await run.publish(2, to: "a").matched, 2, "matches with two that listen")
        },
        Scenario("A receipt counts a group once, however many members it has", needs: [.matchCount, .groups]) { run in
            let group = SubscriptionSettings(group: "g")
            _ = try await run.subscribe("a", group)
            _ = try await run.subscribe("a", group)
            try run.expect(try await run.publish(1, to: "a").matched, 1, "matches with one group of two")
        },
        Scenario("A message to nobody is accepted") { run in
            let receipt = try await run.publish(1, to: "nobody")
            try run.expect(receipt.isDuplicate, false, "whether it is a duplicate")
            let reader = try await run.subscribe("nobody", SubscriptionSettings(start: .latest))
            try await run.publish(marker, to: "nobody")
            try run.expect(try await reader.numbers(before: marker), [], "what was published before it subscribed")
        },
    ]
}
