// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus

@testable import OmnibusCore

/// Documents as their systems write them.
enum WireSamples {
    static let onex = """
        {
          "event_id": "6f2c1d0e-8a3b-4c5d-9e7f-0123456789ab",
          "event_type": "user.created",
          "timestamp": "2026-02-28T09:30:00.25Z",
          "source": "user-service",
          "payload": {"action": "user_created", "user_id": "12345"},
          "correlation_id": "req-abc123",
          "metadata": {
            "region": "eu", "tries": 3, "load": 2.0, "first": true, "nothing": null,
            "tags": ["a", "b"], "where": {"row": 7}, "two words": "x", "priority": "high", "lines": "a\\nb"
          }
        }
        """

    static let kmb = """
        {
          "id": "0a1b2c3d-4e5f-4a6b-8c7d-8e9fa0b1c2d3",
          "timestamp": "2024-12-19T10:00:00.000Z",
          "topic": "kmb.agent.intent.create",
          "type": "command",
          "payload": {"command": "open", "parameters": {"door": 1}, "timeout": 30, "retries": 2},
          "metadata": {
            "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
            "correlation_id": "req-abc123",
            "reply_to": "kmb.service.status",
            "auth": {
              "issuer": "kos",
              "client_id": "agent-7",
              "signature": "c2lnbmVk",
              "timestamp": "2024-12-19T09:59:58.500Z"
            },
            "headers": {"event_type": "x", "room": "kitchen", "two words": "y"},
            "priority": "critical",
            "ttl": 60
          }
        }
        """

    /// Nothing that may be missing is there.
    static let smallKMB = """
        {
          "id": "0a1b2c3d-4e5f-4a6b-8c7d-8e9fa0b1c2d3",
          "timestamp": "2024-12-19T10:00:00.000Z",
          "topic": "kmb.ui.command.button.click",
          "payload": null,
          "metadata": {"auth": {"issuer": "kos", "client_id": "ui", "timestamp": "2024-12-19T10:00:00.000Z"}}
        }
        """

    static let amb = """
        {
          "id": "evt-123",
          "topic": "tasks",
          "payload": {"action": "analyze", "file": "data.txt"},
          "correlation_id": "req-abc123",
          "timestamp": 1734602400.123456,
          "sender": "analyzer-001", "ttl": 60, "metadata": {"a": 1}
        }
        """

    static let smallAMB = #"{"topic":"calculate","payload":{"operation":"sum","values":[1,2,3]}}"#

    /// A message with everything that one can have, and an object for a payload.
    static func fullMessage(_ number: Int) -> Message {
        var message = Message(topic: "agent.events", key: "k-\(number)", payload: ["n": 1, "deep": [["a": nil]]])
        message.id = MessageID(high: 0x0193_0000_0000_7000 | UInt64(number), low: 0x8000_0000_0000_0001)
        message.acceptedAt = Timestamp(secondsSinceEpoch: 1_734_602_400, nanoseconds: 123_456_789)
        message.priority = Priority.allCases[number % 4]
        message.type = "document.analyzed"
        message.source = "omnibus/test"
        message.subject = "doc-123"
        message.dataSchema = "https://example.org/schema"
        message.sequence = "7"
        message.headers = ["room": "kitchen", "tries": 3, "load": 2.0, "first": true, "seal": .bytes([0, 255, 7])]
        message.headers.schemaVersion = SemanticVersion(1, 4, 0)
        message.headers.maxRetries = 3
        var headers = message.headers
        headers.setRetryCount(2)
        message.headers = headers
        message.createdAt = Timestamp(secondsSinceEpoch: 1_734_602_399, nanoseconds: 1)
        message.correlationID = "req-abc123"
        message.causationID = "evt-122"
        message.replyTo = "results"
        message.traceContext = TraceContext(
            traceIDHigh: 1,
            traceIDLow: 2,
            spanID: 3,
            flags: 0,
            tracestate: "vendor=value"
        )
        message.parentSpanID = "00f067aa0ba902b7"
        message.timeToLive = Duration(secondsComponent: 90, attosecondsComponent: 1)
        message.authentication = AuthMetadata(
            issuer: "kos",
            clientID: "agent-7",
            signature: [1, 2, 255],
            timestamp: Timestamp(secondsSinceEpoch: 1_734_602_398, nanoseconds: 5)
        )
        return message
    }

    /// The full message with one part after the other taken away, and one that has nothing.
    static var messages: [Message] {
        var messages = [self.fullMessage(0), self.fullMessage(1), self.fullMessage(2), self.fullMessage(3)]
        let changes: [(inout Message) -> Void] = [
            { $0.createdAt = nil }, { $0.acceptedAt = nil }, { $0.key = nil }, { $0.headers = [:] },
            { $0.type = EventType($0.topic.name) }, { $0.timeToLive = .seconds(60) }, { $0.timeToLive = nil },
            { $0.storedTraceContext = nil }, { $0.correlationID = $0.id }, { $0.causationID = nil },
            { $0.replyTo = nil },
            { $0.headers = ["wire-members": #"{"two words":"x"}"#] }, { $0.createdAt = .latest },
            { $0.createdAt = .earliest },
        ]
        for change in changes {
            var message = self.fullMessage(3)
            change(&message)
            messages.append(message)
        }
        return messages
    }
}
