// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusAgents

/// An event as the documents show it: the attributes of its envelope, and its data.
struct Sample: Sendable, CustomStringConvertible {
    var event: any AgentEvent.Type
    var type: String
    var source: String?
    var subject: String?
    /// Whether the subject stands in the data too, so that the event knows it.
    var knowsSubject = true
    var data: JSONValue

    var description: String { self.type }

    static let all: [Sample] = Self.tasks + Self.notifications + Self.saga + Self.audit + Self.runtime + Self.security

    static let tasks: [Sample] = [
        Sample(
            event: TaskAssigned.self,
            type: "agent.task.assigned",
            source: "agent/orchestrator",
            subject: "task-123",
            data: [
                "task_id": "task-123", "task_type": "web_research",
                "parameters": ["query": "Latest AI news", "max_results": 10],
                "assigned_to": "worker-5", "deadline": "2024-01-15T12:00:00Z", "priority": "high",
            ]
        ),
        Sample(
            event: TaskProgress.self,
            type: "agent.task.progress",
            source: "agent/worker-5",
            subject: "task-123",
            data: [
                "task_id": "task-123", "status": "in_progress", "progress_percent": 50,
                "current_step": "Fetching results", "steps_completed": 3, "steps_total": 6,
            ]
        ),
        Sample(
            event: TaskCompleted.self,
            type: "agent.task.completed",
            source: "agent/worker-5",
            subject: "task-123",
            data: [
                "task_id": "task-123", "status": "success", "result": ["findings": ["a", ["b": 1]], "summary": "…"],
                "duration_ms": 5432, "tokens_used": 1500,
            ]
        ),
        Sample(
            event: TaskFailed.self,
            type: "agent.task.failed",
            source: "agent/worker-5",
            subject: "task-123",
            data: [
                "task_id": "task-123", "status": "failed",
                "error": [
                    "code": "RATE_LIMIT", "message": "API rate limit exceeded", "retryable": true, "retry_after": 60,
                ],
                "attempts": 3,
            ]
        ),
    ]

    static let notifications: [Sample] = [
        Sample(
            event: OrderCompleted.self,
            type: "order.completed",
            source: "orders/checkout",
            subject: "order-789",
            data: ["order_id": "789", "customer_email": "ada@example.com"]
        ),
        Sample(
            event: EmailQueued.self,
            type: "notification.email.queued",
            source: "notifications/email",
            subject: "order-789",
            knowsSubject: false,
            data: ["template": "order_confirmation", "to": "ada@example.com"]
        ),
        Sample(
            event: SMSQueued.self,
            type: "notification.sms.queued",
            source: "notifications/sms",
            subject: "order-789",
            knowsSubject: false,
            data: ["template": "order_shipped", "phone": "+49 30 1"]
        ),
        Sample(
            event: PushQueued.self,
            type: "notification.push.queued",
            source: "notifications/push",
            subject: "order-789",
            knowsSubject: false,
            data: ["title": "Order Confirmed", "body": "…"]
        ),
    ]

    static let saga: [Sample] = [
        Sample(
            event: OrderSagaStarted.self,
            type: "saga.order.started",
            source: "saga/order-saga",
            subject: "saga-001",
            data: [
                "saga_id": "saga-001", "order_id": "order-789",
                "steps": ["reserve_inventory", "charge_payment", "ship_order"],
            ]
        ),
        Sample(
            event: SagaStepCompleted.self,
            type: "saga.step.completed",
            source: "inventory/service",
            subject: "saga-001",
            data: [
                "saga_id": "saga-001", "step": "reserve_inventory", "status": "success",
                "compensation": ["type": "inventory.release", "data": ["reservation_id": "res-123"]],
            ]
        ),
        Sample(
            event: SagaStepFailed.self,
            type: "saga.step.failed",
            source: "payment/service",
            subject: "saga-001",
            data: ["saga_id": "saga-001", "step": "charge_payment", "error": "Insufficient funds"]
        ),
        Sample(
            event: InventoryRelease.self,
            type: "inventory.release",
            source: "saga/order-saga",
            subject: "saga-001",
            knowsSubject: false,
            data: ["reservation_id": "res-123"]
        ),
        Sample(
            event: OrderSagaCompleted.self,
            type: "saga.order.completed",
            source: "saga/order-saga",
            subject: "saga-001",
            data: ["saga_id": "saga-001", "status": "failed", "compensated_steps": ["reserve_inventory"]]
        ),
    ]

    static let audit: [Sample] = [
        Sample(
            event: AuditEvent.self,
            type: "audit.file.read",
            source: "agent/research-agent",
            subject: "/data/sensitive.json",
            data: [
                "action": "file.read", "actor": "research-agent", "resource": "/data/sensitive.json",
                "result": "allowed", "details": ["bytes_read": 1024],
                // As Python writes it: no offset.
                "timestamp": "2024-01-15T10:30:00.123456",
            ]
        )
    ]

    static let runtime: [Sample] = [
        Self.runtime(
            StatusChanged.self,
            "status_change",
            ["old_state": "working", "new_state": "completed", "message": "Task completed successfully"]
        ),
        Self.runtime(
            TaskMessageAdded.self,
            "message",
            [
                "message_role": "assistant", "message_content": "Analysis complete", "message_type": "agent_response",
            ]
        ),
        Self.runtime(
            InputRequired.self,
            "input_required",
            [
                "prompt": "Please provide database credentials...", "input_types": ["text/plain"],
                "detection_method": "protocol_compliant",
            ]
        ),
        Self.runtime(
            ArtifactCreated.self,
            "artifact",
            [
                "artifact_type": "file", "artifact_name": "report.pdf", "artifact_size": 1024,
                "detection_text": "File created: report.pdf",
            ]
        ),
        Self.runtime(
            ToolExecution.self,
            "tool_execution",
            [
                "tool_id": "web_request", "status": "started",
                "parameters": ["method": "GET", "url": "https://api.example.com"], "execution_context": "production",
            ]
        ),
        Self.runtime(
            ToolExecution.self,
            "tool_execution",
            [
                "tool_id": "web_request", "status": "completed", "execution_time": 0.5, "return_code": 0,
                "output_length": 512, "cached": false,
            ]
        ),
        Self.runtime(
            ToolExecution.self,
            "tool_execution",
            [
                "tool_id": "database_query", "status": "failed", "error": "Connection timeout", "execution_time": 5.2,
                "retry_attempt": 2, "will_retry": true,
            ]
        ),
    ]

    static let security: [Sample] = [
        Self.security(
            AuthenticationAttempted.self,
            "authentication",
            [
                "type": "api_key", "status": "success", "client_ip": "192.168.1.100", "user_agent": "A2A-Client/1.0",
            ]
        ),
        Self.security(
            SecurityAudit.self,
            "security_audit",
            [
                "event_type": "tool_execution_started", "user_id": "user_123", "session_id": "session_456",
                "tool_id": "dangerous_operation", "severity": "high", "details": ["requires_confirmation": true],
            ]
        ),
    ]

    private static func runtime(_ event: any AgentEvent.Type, _ name: String, _ data: JSONValue) -> Sample {
        let json: JSONValue = [
            "event": .string(name), "task_id": "task_123", "timestamp": "2024-01-15T10:30:00Z", "data": data,
        ]
        return Sample(event: event, type: name, subject: "task_123", data: json)
    }

    private static func security(_ event: any AgentEvent.Type, _ name: String, _ data: JSONValue) -> Sample {
        let json: JSONValue = ["event": .string(name), "timestamp": "2024-01-15T10:30:00Z", "data": data]
        return Sample(event: event, type: name, data: json)
    }
}
