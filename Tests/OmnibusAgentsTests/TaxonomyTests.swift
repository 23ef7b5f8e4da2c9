// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusAgents
import OmnibusTesting
import Testing

@Suite("The taxonomy", .timeLimit(.minutes(5)))
struct TaxonomyTests {
    private static let time = Timestamp(secondsSinceEpoch: 1_705_314_600, nanoseconds: 123_456_789)

    @Test("has every event type of the documents")
    func isComplete() {
        #expect(
            AgentTaxonomy.events.map { $0.type.rawValue } == [
                "agent.task.created", "agent.task.assigned", "agent.task.progress", "agent.task.completed",
                "agent.task.failed", "agent.task.cancelled",
                "agent.worker.registered", "agent.worker.heartbeat", "agent.worker.shutdown",
                "agent.conversation.started", "agent.conversation.message", "agent.conversation.ended",
                "agent.audit.action", "agent.audit.decision", "agent.audit.access", "audit",
                "order.completed", "notification.email.queued", "notification.sms.queued", "notification.push.queued",
                "notification.email.sent", "notification.sms.sent", "notification.push.sent",
                "saga.order.started", "saga.step.completed", "saga.step.failed", "inventory.release",
                "saga.order.completed",
                "status_change", "message", "input_required", "artifact", "tool_execution",
                "authentication", "security_audit",
            ]
        )
        // Only notifications have a topic of another name, as in the documents.
        for event in AgentTaxonomy.events where event.topic.name != event.type.rawValue {
            #expect(event.topic.name == "notifications." + event.type.rawValue.dropFirst("notification.".count))
        }
    }

    /// Events that the documents name without a sample, and the JSON that they have.
    private static func others() throws -> [(event: any AgentEvent, subject: String?, json: JSONValue)] {
        [
            (
                try TaskCreated(taskID: "t-1", taskType: "research", parameters: ["q": 1], priority: .low), "t-1",
                ["task_id": "t-1", "task_type": "research", "parameters": ["q": 1], "priority": "low"]
            ),
            (
                try TaskCancelled(taskID: "t-1", reason: "no time"), "t-1",
                ["task_id": "t-1", "status": "cancelled", "reason": "no time"]
            ),
            (
                try WorkerRegistered(workerID: "w-1", taskTypes: ["research"], metadata: ["gpu": ["a": [1, nil]]]),
                "w-1",
                ["worker_id": "w-1", "task_types": ["research"], "metadata": ["gpu": ["a": [1, nil]]]]
            ),
            (try WorkerHeartbeat(workerID: "w-1", activeTasks: 2), "w-1", ["worker_id": "w-1", "active_tasks": 2]),
            (try WorkerShutdown(workerID: "w-1", reason: "update"), "w-1", ["worker_id": "w-1", "reason": "update"]),
            (
                try ConversationStarted(conversationID: "c-1", participants: ["ada"]), "c-1",
                ["conversation_id": "c-1", "participants": ["ada"]]
            ),
            (
                try ConversationMessage(conversationID: "c-1", messageRole: "user", messageContent: "Hello"), "c-1",
                ["conversation_id": "c-1", "message_role": "user", "message_content": "Hello"]
            ),
            (
                try ConversationEnded(conversationID: "c-1", reason: "done"), "c-1",
                ["conversation_id": "c-1", "reason": "done"]
            ),
            (EmailSent(template: "t", to: "a"), nil, ["template": "t", "to": "a"]),
            (SMSSent(template: "t", phone: "1"), nil, ["template": "t", "phone": "1"]),
            (PushSent(title: "t", body: "b"), nil, ["title": "t", "body": "b"]),
        ]
    }

    @Test("has the same way for events that the documents only name")
    func othersRoundTrip() throws {
        for other in try Self.others() {
            func check<E: AgentEvent>(_ event: E) throws {
                #expect(try event.json() == other.json)
                #expect(try E(json: other.json) == event)
                let cloudEvent = try event.cloudEvent(id: "1")
                #expect(cloudEvent.subject == other.subject)
                #expect(cloudEvent.type == E.type.rawValue)
                #expect(try E(cloudEvent) == event)
            }
            try check(other.event)
        }
    }

    @Test("keeps what is of any form, to the digit and the nanosecond")
    func isExact() throws {
        let parameters: JSONObject = [
            "null": nil, "huge": JSONValue(UInt64.max), "low": .integer(.min), "tenth": 0.1, "tiny": 1.5e-300,
            "deep": [["a": [true, "é\u{301}\u{0}"]]], "": "empty name",
        ]
        let event = try TaskAssigned(
            taskID: "t",
            taskType: "x",
            parameters: parameters,
            assignedTo: "w",
            deadline: Self.time
        )
        let json = try event.json()

        #expect(json["parameters"] == .object(parameters))
        #expect(json["deadline"] == "2024-01-15T10:30:00.123456789Z")
        #expect(try TaskAssigned(json: json) == event)

        for text in ["2024-01-15T10:30:00.123456789Z", "2024-01-15T11:30:00.123456789+01:00"] {
            let sample = Sample.runtime[0].data.setting(["timestamp"], to: .string(text))
            var event = try StatusChanged(json: sample)
            #expect(event.timestamp == Self.time)
            #expect(try event.json() == sample)
            event.timestamp = .epoch
            #expect(try event.json()["timestamp"] == "1970-01-01T00:00:00Z")
        }
    }

    @Test("keeps component and version of an enriched event, and the envelope's own apart")
    func enriched() async throws {
        for sample in [Sample.runtime[0], Sample.security[0]] {
            let data = sample.data.setting(["component"], to: "task_manager").setting(["version"], to: "1.0.0")
            #expect(try sample.event.init(json: data).json() == data)
        }

        let plain = try StatusChanged(json: Sample.runtime[0].data)
        let enriching = MessageTransform.enriching(component: "task_manager", version: "1.0.0")
        var message = try await enriching.apply(to: Message(plain))
        message.id = "1"
        let cloudEvent = try message.cloudEvent()
        #expect(cloudEvent.extensions["component"] == .string("task_manager"))
        #expect(cloudEvent.extensions["version"] == .string("1.0.0"))
        #expect(try message.payload.json() == Sample.runtime[0].data)
    }
}

@Suite("Audit events", .timeLimit(.minutes(5)))
struct AuditTests {
    @Test("are all seen by one pattern, each under its own name")
    func onePattern() async throws {
        func made<E: AuditEntry>(_ type: E.Type) throws -> E {
            try E(action: "file.read", actor: "a", resource: "/x", result: "allowed", timestamp: .epoch)
        }
        let bus = ManualEnvironment(seed: 2).makeBus()
        let topics = EventRecorder<String>()
        let decisions = EventRecorder<AuditDecision>()
        try await bus.subscribe(to: "#.audit.#") { delivery in topics.record(delivery.message.topic.name) }
        try await bus.subscribe(to: AuditDecision.self) { decisions.record($0) }

        try await bus.publish(made(AuditAction.self))
        try await bus.publish(made(AuditDecision.self))
        try await bus.publish(made(AuditAccess.self))
        try await bus.publish(made(AuditEvent.self))
        await bus.settled()

        #expect(
            Set(topics.all) == ["agent.audit.action", "agent.audit.decision", "agent.audit.access", "audit.file.read"]
        )
        #expect(try decisions.all == [made(AuditDecision.self)])
        try await bus.shutdown()
    }

    @Test("are named after actions that can be the end of a topic, and no others")
    func actionNames() throws {
        let event = try AuditEvent(action: "file.read", actor: "a", resource: "/", result: "ok", timestamp: .epoch)
        #expect(event.eventTopic == "audit.file.read")
        #expect(event.eventType == "audit.file.read")
        for action in ["file read", "file..read", "*", "a/b"] {
            let error = #expect(throws: OmnibusError.self) {
                _ = try AuditEvent(action: action, actor: "a", resource: "/", result: "ok", timestamp: .epoch)
            }
            #expect(error?.code == .invalidMessage)
            #expect(error?.message.contains("'action'") == true)
            // The three that are not named after it take any.
            _ = try AuditAction(action: action, actor: "a", resource: "/", result: "ok", timestamp: .epoch)
        }
        let error = #expect(throws: OmnibusError.self) {
            _ = try AuditEvent(json: [
                "action": "file read", "actor": "a", "resource": "/", "result": "ok", "details": [:],
                "timestamp": "2024-01-15T10:30:00Z",
            ])
        }
        #expect(error?.message.contains("'action'") == true)
    }
}
