// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

public import Omnibus

// agent.conversation.…: the documents name these events and show no sample. What is said has the fields of the event
// `message`; whatever else there is to know is in `metadata`.

/// `agent.conversation.started`: somebody begins to talk with an agent.
public struct ConversationStarted: AgentEvent {
    /// The topic of these events, `agent.conversation.started`.
    public static let topic: Topic = "agent.conversation.started"

    /// Which conversation.
    @NotEmpty public var conversationID: String
    /// Who takes part.
    public var participants: [String]
    /// Whatever else there is to know, of any form.
    public var metadata: JSONObject?

    /// Creates the event.
    ///
    /// - Throws: ``OmnibusError`` with the code `invalidMessage`, naming the field, where the id is empty.
    public init(
        conversationID: String,
        participants: [String] = [],
        metadata: JSONObject? = nil
    ) throws(OmnibusError) {
        self._conversationID = try NotEmpty(conversationID, CodingKeys.conversationID)
        self.participants = participants
        self.metadata = metadata
    }

    /// The conversation.
    public var eventSubject: String? { self.conversationID }

    private enum CodingKeys: String, CodingKey {
        case conversationID = "conversation_id"
        case participants, metadata
    }
}

/// `agent.conversation.message`: somebody has said something.
public struct ConversationMessage: AgentEvent {
    /// The topic of these events, `agent.conversation.message`.
    public static let topic: Topic = "agent.conversation.message"

    /// Which conversation.
    @NotEmpty public var conversationID: String
    /// Who says it, such as `user` or `assistant`.
    public var messageRole: String
    /// What is said.
    public var messageContent: String
    /// What kind of message it is, such as `agent_response`.
    public var messageType: String?
    /// Whatever else there is to know, of any form.
    public var metadata: JSONObject?

    /// Creates the event.
    ///
    /// - Throws: ``OmnibusError`` with the code `invalidMessage`, naming the field, where the id is empty.
    public init(
        conversationID: String,
        messageRole: String,
        messageContent: String,
        messageType: String? = nil,
        metadata: JSONObject? = nil
    ) throws(OmnibusError) {
        self._conversationID = try NotEmpty(conversationID, CodingKeys.conversationID)
        self.messageRole = messageRole
        self.messageContent = messageContent
        self.messageType = messageType
        self.metadata = metadata
    }

    /// The conversation.
    public var eventSubject: String? { self.conversationID }

    private enum CodingKeys: String, CodingKey {
        case conversationID = "conversation_id"
        case messageRole = "message_role"
        case messageContent = "message_content"
        case messageType = "message_type"
        case metadata
    }
}

/// `agent.conversation.ended`: nobody will say anything more.
public struct ConversationEnded: AgentEvent {
    /// The topic of these events, `agent.conversation.ended`.
    public static let topic: Topic = "agent.conversation.ended"

    /// Which conversation.
    @NotEmpty public var conversationID: String
    /// Why, for people.
    public var reason: String?
    /// Whatever else there is to know, of any form.
    public var metadata: JSONObject?

    /// Creates the event.
    ///
    /// - Throws: ``OmnibusError`` with the code `invalidMessage`, naming the field, where the id is empty.
    public init(
        conversationID: String,
        reason: String? = nil,
        metadata: JSONObject? = nil
    ) throws(OmnibusError) {
        self._conversationID = try NotEmpty(conversationID, CodingKeys.conversationID)
        self.reason = reason
        self.metadata = metadata
    }

    /// The conversation.
    public var eventSubject: String? { self.conversationID }

    private enum CodingKeys: String, CodingKey {
        case conversationID = "conversation_id"
        case reason, metadata
    }
}
