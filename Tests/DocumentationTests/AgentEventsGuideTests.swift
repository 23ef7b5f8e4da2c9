// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Omnibus
import OmnibusAgents
import OmnibusTesting
import Testing

@Suite("The guide to publishing agent events", .timeLimit(.minutes(5)))
struct AgentEventsGuideTests {
    @Test("publishes, audits, exchanges and refuses")
    func publishes() async throws {
        let bus = ManualEnvironment(seed: 15).makeBus()
        let topics = EventRecorder<String>()
        try await bus.subscribe(to: "#") { delivery in topics.record(delivery.message.topic.name) }

        try await bus.subscribe(to: TaskAssigned.self, group: "workers") { task in
            try await bus.publish(TaskProgress(taskID: task.taskID, progressPercent: 50, currentStep: "Fetching"))
            try await bus.publish(
                TaskFailed(
                    taskID: task.taskID,
                    error: TaskError(code: "RATE_LIMIT", message: "Too many calls", isRetryable: true, retryAfter: 60),
                    attempts: 3
                )
            )
        }

        try await bus.publish(
            TaskAssigned(
                taskID: "task-123",
                taskType: "web_research",
                parameters: ["query": "Latest AI news", "max_results": 10],
                assignedTo: "worker-5",
                priority: .high
            )
        )
        await bus.settled()
        #expect(topics.all == ["agent.task.assigned", "agent.task.progress", "agent.task.failed"])

        let mail = EmailQueued(template: "order_confirmation", to: "ada@example.com")
        try await bus.publish(Message(mail, source: "notifications/email", subject: "order-789"))

        try await bus.subscribe(to: "#.audit.#") { delivery in
            guard let audit = try AgentTaxonomy.event(of: delivery.message) as? any AuditEntry else { return }
            print(audit.eventTopic, audit.actor, audit.resource, audit.result)
        }

        let audit = try AuditEvent(
            action: "file.read",
            actor: "research-agent",
            resource: "/data/sensitive.json",
            result: "allowed",
            details: ["bytes_read": 1024],
            timestamp: Timestamp(.now)
        )
        try await bus.publish(Message(audit))

        let changed = try StatusChanged(
            taskID: "task_123",
            timestamp: Timestamp(.now),
            data: StatusChange(oldState: .working, newState: .completed, message: "Task completed successfully")
        )
        print(changed.newState, try changed.json()["data"] ?? nil)

        let ended = ToolRun.Completion(executionTime: 0.5, returnCode: 0, outputLength: 512, isCached: false)
        try await bus.publish(
            ToolExecution(
                taskID: "task_123",
                timestamp: Timestamp(.now),
                data: ToolRun(toolID: "web_request", state: .completed(ended))
            )
        )
        await bus.settled()
        #expect(
            topics.all.suffix(3) == ["notifications.email.queued", "audit.file.read", "tool_execution"]
        )

        let event = try changed.cloudEvent(id: "evt-123", source: "agent/worker-5")
        let copy = try StatusChanged(event)
        #expect(copy == changed)
        #expect(event.type == "status_change" && event.subject == "task_123" && event.time == changed.timestamp)

        switch try AgentTaxonomy.event(of: event) {
        case let changed as StatusChanged: print("\(changed.taskID) is \(changed.newState)")
        case let other?: print("a \(other.eventType)")
        case nil: print("nothing of the taxonomy: \(event.type)")
        }

        do throws(OmnibusError) {
            _ = try TaskProgress(json: ["task_id": "task-123", "status": "nearly"])
        } catch {
            print(error.message)  // … 'status' is not a word that is known here; write one of pending, …
        }

        struct VectorUpsert: AgentEvent {
            static let topic: Topic = "vector.upsert"
            var collection: String
            var ids: [String]
        }
        let upsert = VectorUpsert(collection: "reports", ids: ["r-1"])
        #expect(try VectorUpsert(upsert.cloudEvent(id: "1", source: "/index")) == upsert)
        try await bus.shutdown()
    }
}
