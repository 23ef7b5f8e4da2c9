// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

public import Omnibus

/// All events of the taxonomy, for who reads events without knowing beforehand which.
public enum AgentTaxonomy {
    /// The types of all events, in the order of the documents.
    public static let events: [any AgentEvent.Type] = [
        TaskCreated.self, TaskAssigned.self, TaskProgress.self, TaskCompleted.self, TaskFailed.self, TaskCancelled.self,
        WorkerRegistered.self, WorkerHeartbeat.self, WorkerShutdown.self,
        ConversationStarted.self, ConversationMessage.self, ConversationEnded.self,
        AuditAction.self, AuditDecision.self, AuditAccess.self, AuditEvent.self,
        OrderCompleted.self, EmailQueued.self, SMSQueued.self, PushQueued.self,
        EmailSent.self, SMSSent.self, PushSent.self,
        OrderSagaStarted.self, SagaStepCompleted.self, SagaStepFailed.self, InventoryRelease.self,
        OrderSagaCompleted.self,
        StatusChanged.self, TaskMessageAdded.self, InputRequired.self, ArtifactCreated.self, ToolExecution.self,
        AuthenticationAttempted.self, SecurityAudit.self,
    ]

    /// Returns the event that a CloudEvent carries, or nil if its type is not in the taxonomy.
    ///
    /// Every type that begins with `audit.` is an ``AuditEvent``.
    ///
    /// - Throws: ``OmnibusError`` with the code `undecodable` or `invalidMessage`, naming the field that is wrong.
    public static func event(of event: CloudEvent) throws(OmnibusError) -> (any AgentEvent)? {
        try self.type(EventType(event.type))?.init(event)
    }

    /// Returns the event that a message carries, or nil if its type is not in the taxonomy.
    ///
    /// - Throws: as for CloudEvents.
    public static func event(of message: Message) throws(OmnibusError) -> (any AgentEvent)? {
        try self.type(message.type)?.init(message)
    }

    private static func type(_ type: EventType) -> (any AgentEvent.Type)? {
        type.rawValue.hasPrefix("\(AuditEvent.topic).") ? AuditEvent.self : self.types[type]
    }

    private static let types = Dictionary(
        Self.events.map { ($0.type, $0) },
        uniquingKeysWith: { first, _ in first }
    )
}
