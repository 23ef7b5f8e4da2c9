// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

public import Omnibus

// What A2A-ACP emits is a JSON object whose member `event` names the event and whose member `data` has what is its own:
//
//    {"event": "status_change", "task_id": "task_123", "timestamp": "…", "data": {…}}
//
// The object as a whole is the payload, so that it goes through a webhook as its readers expect it. `component` and
// `version` are added by who enriches events: `MessageTransform.enriching` does it in the headers.

/// What one of the runtime's events says: the member `data` of its JSON.
public protocol RuntimeEventData: Codable, Sendable, Hashable {
    /// The name of the event, which is its topic and its type.
    static var event: Topic { get }
}

/// An event of the runtime about a task, around what it says.
///
/// The members of ``data`` can be read from the event itself: `event.newState`.
@dynamicMemberLookup
public struct RuntimeEvent<Content: RuntimeEventData>: AgentEvent {
    /// The name of the event.
    public static var topic: Topic { Content.event }

    /// Which task.
    @NotEmpty public var taskID: String
    /// When it happened.
    @WrittenTime public var timestamp: Timestamp
    /// The part of the runtime that says so, where the event was enriched.
    public var component: String?
    /// The version of that part, where the event was enriched.
    public var version: String?
    /// What the event says.
    public var data: Content

    private var event: EventName<Content> = EventName()

    /// Creates the event.
    ///
    /// - Throws: ``OmnibusError`` with the code `invalidMessage`, naming the field, where the id is empty.
    public init(
        taskID: String,
        timestamp: Timestamp,
        component: String? = nil,
        version: String? = nil,
        data: Content
    ) throws(OmnibusError) {
        self._taskID = try NotEmpty(taskID, CodingKeys.taskID)
        self.timestamp = timestamp
        self.component = component
        self.version = version
        self.data = data
    }

    /// A part of what the event says.
    public subscript<Value>(dynamicMember member: KeyPath<Content, Value>) -> Value { self.data[keyPath: member] }

    /// The task.
    public var eventSubject: String? { self.taskID }
    /// When it happened.
    public var eventTime: Timestamp? { self.timestamp }

    private enum CodingKeys: String, CodingKey {
        case event
        case taskID = "task_id"
        case timestamp, component, version, data
    }
}

/// An event of the runtime about its security, around what it says; there may be no task.
///
/// The members of ``data`` can be read from the event itself: `event.severity`.
@dynamicMemberLookup
public struct SecurityEvent<Content: RuntimeEventData>: AgentEvent {
    /// The name of the event.
    public static var topic: Topic { Content.event }

    /// The task in whose course it happened, where the event was enriched.
    public var taskID: String?
    /// When it happened.
    @WrittenTime public var timestamp: Timestamp
    /// The part of the runtime that says so, where the event was enriched.
    public var component: String?
    /// The version of that part, where the event was enriched.
    public var version: String?
    /// What the event says.
    public var data: Content

    private var event: EventName<Content> = EventName()

    /// Creates the event.
    public init(
        taskID: String? = nil,
        timestamp: Timestamp,
        component: String? = nil,
        version: String? = nil,
        data: Content
    ) {
        self.taskID = taskID
        self.timestamp = timestamp
        self.component = component
        self.version = version
        self.data = data
    }

    /// A part of what the event says.
    public subscript<Value>(dynamicMember member: KeyPath<Content, Value>) -> Value { self.data[keyPath: member] }

    /// The task, where there is one.
    public var eventSubject: String? { self.taskID }
    /// When it happened.
    public var eventTime: Timestamp? { self.timestamp }

    private enum CodingKeys: String, CodingKey {
        case event
        case taskID = "task_id"
        case timestamp, component, version, data
    }
}

/// The member `event`: always the name of one event.
private struct EventName<Content: RuntimeEventData>: Codable, Sendable, Hashable {
    init() {}

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let name = try container.decode(String.self)
        guard name == Content.event.name else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: FieldFault.unknown(at: decoder.codingPath, known: [Content.event.name])
            )
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(Content.event.name)
    }
}
