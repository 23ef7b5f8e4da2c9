// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

public import Omnibus

/// An event of the agent taxonomy: its JSON has the fields, and its CloudEvent the attributes, that other systems
/// expect.
///
/// It is published as any event is. What a document says about an event on its envelope, and not in its data, stays on
/// the envelope: the source, the subject, the time. ``topic`` and ``type`` say which event it is.
///
/// | file | events |
/// |---|---|
/// | `TaskEvents` | `agent.task.created`, `assigned`, `progress`, `completed`, `failed`, `cancelled` |
/// | `WorkerEvents` | `agent.worker.registered`, `heartbeat`, `shutdown` |
/// | `ConversationEvents` | `agent.conversation.started`, `message`, `ended` |
/// | `AuditEvents` | `agent.audit.action`, `decision`, `access`, and `audit.` with any action |
/// | `NotificationEvents` | `notification.email.queued`, `sms`, `push`, the same `.sent`, and `order.completed` |
/// | `SagaEvents` | `saga.order.started`, `completed`, `saga.step.completed`, `failed`, and `inventory.release` |
/// | `RuntimeEvents` | `status_change`, `message`, `input_required`, `artifact`, `tool_execution` |
/// | `SecurityEvents` | `authentication`, `security_audit` |
///
/// The taxonomy is no closed list. `vector.upsert`, `vault.secret.accessed`, `prompt.issued` and `workflow.started` are
/// events that a program declares for itself, in the same way:
///
/// ```swift
/// struct VectorUpsert: AgentEvent {
///     static let topic: Topic = "vector.upsert"
///     var collection: String
///     var ids: [String]
/// }
/// ```
public protocol AgentEvent: Event, Hashable {
    /// Where the event happens, if the event says it itself; nil unless said otherwise.
    var eventSource: String? { get }
    /// When the event happened, if the event says it itself; nil unless said otherwise.
    var eventTime: Timestamp? { get }
}

extension AgentEvent {
    /// Nothing, so that the publisher says where the event happens.
    public var eventSource: String? { nil }

    /// Nothing, so that the time of acceptance counts.
    public var eventTime: Timestamp? { nil }
}
