// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

public import Omnibus

// What A2A-ACP says about who comes in and what they do. The documents show one word each for `status` and `severity`
// and no list of them, so they are texts.

/// `authentication`: somebody has tried to show who they are.
public typealias AuthenticationAttempted = SecurityEvent<AuthenticationAttempt>
/// `security_audit`: something has happened that matters for security.
public typealias SecurityAudit = SecurityEvent<SecurityRecord>

/// What `authentication` says.
public struct AuthenticationAttempt: RuntimeEventData {
    /// The name of the event, `authentication`.
    public static let event: Topic = "authentication"

    /// How it was tried, such as `api_key`.
    public var type: String
    /// How it ended, such as `success`.
    public var status: String
    /// The address that it came from.
    public var clientIP: String?
    /// What the client calls itself.
    public var userAgent: String?

    /// Creates what the event says.
    public init(type: String, status: String, clientIP: String? = nil, userAgent: String? = nil) {
        self.type = type
        self.status = status
        self.clientIP = clientIP
        self.userAgent = userAgent
    }

    private enum CodingKeys: String, CodingKey {
        case type, status
        case clientIP = "client_ip"
        case userAgent = "user_agent"
    }
}

/// What `security_audit` says.
public struct SecurityRecord: RuntimeEventData {
    /// The name of the event, `security_audit`.
    public static let event: Topic = "security_audit"

    /// What happened, such as `tool_execution_started`.
    @NotEmpty public var eventType: String
    /// Whose doing it was.
    public var userID: String?
    /// In which session.
    public var sessionID: String?
    /// With which tool.
    public var toolID: String?
    /// How much it matters, such as `high`.
    public var severity: String
    /// Whatever else there is to know, of any form.
    public var details: JSONObject?

    /// Creates what the event says.
    ///
    /// - Throws: ``OmnibusError`` with the code `invalidMessage`, naming the field, where the event type is empty.
    public init(
        eventType: String,
        userID: String? = nil,
        sessionID: String? = nil,
        toolID: String? = nil,
        severity: String,
        details: JSONObject? = nil
    ) throws(OmnibusError) {
        self._eventType = try NotEmpty(eventType, CodingKeys.eventType)
        self.userID = userID
        self.sessionID = sessionID
        self.toolID = toolID
        self.severity = severity
        self.details = details
    }

    private enum CodingKeys: String, CodingKey {
        case eventType = "event_type"
        case userID = "user_id"
        case sessionID = "session_id"
        case toolID = "tool_id"
        case severity, details
    }
}
