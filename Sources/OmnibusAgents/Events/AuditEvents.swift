// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

public import Omnibus

// All four say the same about what an agent did, in the same fields. The document's sample names its event after the
// action, `audit.file.read`, and its table names three, `agent.audit.…`; the pattern `#.audit.#` sees them all.

/// `agent.audit.action`: an agent has done something.
public struct AuditAction: AuditEntry {
    /// The topic of these events, `agent.audit.action`.
    public static let topic: Topic = "agent.audit.action"

    /// What the event says.
    public let record: AuditRecord

    /// Creates the event of a record.
    public init(record: AuditRecord) {
        self.record = record
    }
}

/// `agent.audit.decision`: an agent has decided something.
public struct AuditDecision: AuditEntry {
    /// The topic of these events, `agent.audit.decision`.
    public static let topic: Topic = "agent.audit.decision"

    /// What the event says.
    public let record: AuditRecord

    /// Creates the event of a record.
    public init(record: AuditRecord) {
        self.record = record
    }
}

/// `agent.audit.access`: an agent has used a resource, or tried to.
public struct AuditAccess: AuditEntry {
    /// The topic of these events, `agent.audit.access`.
    public static let topic: Topic = "agent.audit.access"

    /// What the event says.
    public let record: AuditRecord

    /// Creates the event of a record.
    public init(record: AuditRecord) {
        self.record = record
    }
}

/// `audit.` and the action, such as `audit.file.read`: what an agent did is the name of the event.
///
/// Its topic differs by what it says. Subscribe with the pattern `audit.#`, or a narrower one, and read it by
/// `AuditEvent(delivery.message)`; a subscription to the type itself sees nothing.
public struct AuditEvent: AuditEntry {
    /// The word in front of the action.
    public static let topic: Topic = "audit"

    /// What the event says.
    public let record: AuditRecord
    /// `audit.` and the action.
    public let eventTopic: Topic
    /// `audit.` and the action.
    public var eventType: EventType { EventType(self.eventTopic.name) }

    /// Creates the event.
    ///
    /// - Throws: ``OmnibusError`` with the code `invalidMessage`, naming the field, where the action is nothing that a
    ///   topic can end with, such as one with a space.
    public init(record: AuditRecord) throws(OmnibusError) {
        do throws(OmnibusError) {
            self.eventTopic = try Topic(validating: "\(Self.topic).\(record.action)")
        } catch {
            throw OmnibusError(
                .invalidMessage,
                "'action' is nothing that a topic can end with; see the cause.",
                advice: .deadLetter,
                cause: error
            )
        }
        self.record = record
    }
}

// MARK: - What they have in common

/// An event that says what an agent did with what, and what came of it.
///
/// Its subject is the resource, its source the agent, as `agent/` and its name.
public protocol AuditEntry: AgentEvent {
    /// What the event says.
    var record: AuditRecord { get }

    /// Creates the event of a record.
    ///
    /// - Throws: ``OmnibusError`` with the code `invalidMessage`, naming the field that the event cannot have.
    init(record: AuditRecord) throws(OmnibusError)
}

/// What an agent did with what, and what came of it: the fields of every audit event.
public struct AuditRecord: Codable, Sendable, Hashable {
    /// What was done, such as `file.read`.
    @NotEmpty public var action: String
    /// The agent that did it.
    @NotEmpty public var actor: String
    /// What it was done to, such as a path.
    @NotEmpty public var resource: String
    /// What came of it, such as `allowed`.
    public var result: String
    /// Whatever else there is to know, of any form.
    public var details: JSONObject
    /// When it was done.
    @WrittenTime public var timestamp: Timestamp

    /// Creates a record.
    ///
    /// - Throws: ``OmnibusError`` with the code `invalidMessage`, naming the field, where action, actor or resource is
    ///   empty.
    public init(
        action: String,
        actor: String,
        resource: String,
        result: String,
        details: JSONObject = [:],
        timestamp: Timestamp
    ) throws(OmnibusError) {
        self._action = try NotEmpty(action, CodingKeys.action)
        self._actor = try NotEmpty(actor, CodingKeys.actor)
        self._resource = try NotEmpty(resource, CodingKeys.resource)
        self.result = result
        self.details = details
        self.timestamp = timestamp
    }

    private enum CodingKeys: String, CodingKey {
        case action, actor, resource, result, details, timestamp
    }
}

extension AuditEntry {
    /// Creates the event of what it says.
    ///
    /// - Throws: ``OmnibusError`` with the code `invalidMessage`, naming the field, where action, actor or resource is
    ///   empty, or cannot be in the event.
    public init(
        action: String,
        actor: String,
        resource: String,
        result: String,
        details: JSONObject = [:],
        timestamp: Timestamp
    ) throws(OmnibusError) {
        let record = try AuditRecord(
            action: action,
            actor: actor,
            resource: resource,
            result: result,
            details: details,
            timestamp: timestamp
        )
        try self.init(record: record)
    }

    /// Reads the fields of the record.
    ///
    /// - Throws: `DecodingError`, or ``OmnibusError``, naming the field that is wrong.
    public init(from decoder: any Decoder) throws {
        try self.init(record: AuditRecord(from: decoder))
    }

    /// Writes the fields of the record.
    public func encode(to encoder: any Encoder) throws {
        try self.record.encode(to: encoder)
    }

    /// What was done, such as `file.read`.
    public var action: String { self.record.action }
    /// The agent that did it.
    public var actor: String { self.record.actor }
    /// What it was done to, such as a path.
    public var resource: String { self.record.resource }
    /// What came of it, such as `allowed`.
    public var result: String { self.record.result }
    /// Whatever else there is to know, of any form.
    public var details: JSONObject { self.record.details }
    /// When it was done.
    public var timestamp: Timestamp { self.record.timestamp }

    /// The resource.
    public var eventSubject: String? { self.record.resource }
    /// `agent/` and the agent.
    public var eventSource: String? { "agent/\(self.record.actor)" }
    /// When it was done.
    public var eventTime: Timestamp? { self.record.timestamp }
}
