// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

public import Omnibus

// What A2A-ACP says about the tasks that it runs; the tools have a file of their own.

/// `status_change`: a task has come into another state.
public typealias StatusChanged = RuntimeEvent<StatusChange>
/// `message`: the history of a task has one more message.
public typealias TaskMessageAdded = RuntimeEvent<TaskMessage>
/// `input_required`: an agent asks for something, or for a confirmation, and waits.
public typealias InputRequired = RuntimeEvent<InputRequest>
/// `artifact`: a file or a data structure has been made.
public typealias ArtifactCreated = RuntimeEvent<Artifact>

/// What `status_change` says.
public struct StatusChange: RuntimeEventData {
    /// The name of the event, `status_change`.
    public static let event: Topic = "status_change"

    /// The state before.
    public var oldState: TaskStatus
    /// The state now.
    public var newState: TaskStatus
    /// What happened, for people.
    public var message: String?

    /// Creates what the event says.
    public init(oldState: TaskStatus, newState: TaskStatus, message: String? = nil) {
        self.oldState = oldState
        self.newState = newState
        self.message = message
    }

    private enum CodingKeys: String, CodingKey {
        case oldState = "old_state"
        case newState = "new_state"
        case message
    }
}

/// What `message` says.
public struct TaskMessage: RuntimeEventData {
    /// The name of the event, `message`.
    public static let event: Topic = "message"

    /// Who says it, such as `assistant`.
    public var messageRole: String
    /// What is said.
    public var messageContent: String
    /// What kind of message it is, such as `agent_response`.
    public var messageType: String

    /// Creates what the event says.
    public init(messageRole: String, messageContent: String, messageType: String) {
        self.messageRole = messageRole
        self.messageContent = messageContent
        self.messageType = messageType
    }

    private enum CodingKeys: String, CodingKey {
        case messageRole = "message_role"
        case messageContent = "message_content"
        case messageType = "message_type"
    }
}

/// What `input_required` says.
public struct InputRequest: RuntimeEventData {
    /// The name of the event, `input_required`.
    public static let event: Topic = "input_required"

    /// What is asked, for people.
    public var prompt: String
    /// The media types that an answer may have, such as `text/plain`.
    public var inputTypes: [String]
    /// How it was noticed that input is required, such as `protocol_compliant`.
    public var detectionMethod: String

    /// Creates what the event says.
    public init(prompt: String, inputTypes: [String], detectionMethod: String) {
        self.prompt = prompt
        self.inputTypes = inputTypes
        self.detectionMethod = detectionMethod
    }

    private enum CodingKeys: String, CodingKey {
        case prompt
        case inputTypes = "input_types"
        case detectionMethod = "detection_method"
    }
}

/// What `artifact` says.
public struct Artifact: RuntimeEventData {
    /// The name of the event, `artifact`.
    public static let event: Topic = "artifact"

    /// What was made, such as `file`.
    public var artifactType: String
    /// What it is called.
    @NotEmpty public var artifactName: String
    /// Its size in bytes.
    public var artifactSize: Int?
    /// The text by which it was noticed.
    public var detectionText: String?

    /// Creates what the event says.
    ///
    /// - Throws: ``OmnibusError`` with the code `invalidMessage`, naming the field, where the name is empty.
    public init(
        artifactType: String,
        artifactName: String,
        artifactSize: Int? = nil,
        detectionText: String? = nil
    ) throws(OmnibusError) {
        self.artifactType = artifactType
        self._artifactName = try NotEmpty(artifactName, CodingKeys.artifactName)
        self.artifactSize = artifactSize
        self.detectionText = detectionText
    }

    private enum CodingKeys: String, CodingKey {
        case artifactType = "artifact_type"
        case artifactName = "artifact_name"
        case artifactSize = "artifact_size"
        case detectionText = "detection_text"
    }
}
