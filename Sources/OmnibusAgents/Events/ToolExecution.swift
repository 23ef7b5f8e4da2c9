// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

public import Omnibus

/// `tool_execution`: a tool has started, completed or failed.
public typealias ToolExecution = RuntimeEvent<ToolRun>

/// What `tool_execution` says: which tool, and how far it has come.
public struct ToolRun: RuntimeEventData {
    /// The name of the event, `tool_execution`.
    public static let event: Topic = "tool_execution"

    /// How far a tool has come, with what is known then; the member `status` names the case.
    public enum State: Sendable, Hashable {
        /// It begins, with these parameters, in a context such as `production`.
        case started(parameters: JSONObject, executionContext: String?)
        /// It has done its work.
        case completed(Completion)
        /// It has not.
        case failed(Failure)
    }

    /// What is known of a tool that has done its work.
    public struct Completion: Codable, Sendable, Hashable {
        /// How long it took, in seconds.
        public var executionTime: Double
        /// What it returned to its system; zero means that all is well.
        public var returnCode: Int
        /// How many characters it has written.
        public var outputLength: Int?
        /// Whether the result is that of an earlier run.
        public var isCached: Bool?

        /// Creates what is known.
        public init(executionTime: Double, returnCode: Int, outputLength: Int? = nil, isCached: Bool? = nil) {
            self.executionTime = executionTime
            self.returnCode = returnCode
            self.outputLength = outputLength
            self.isCached = isCached
        }

        private enum CodingKeys: String, CodingKey {
            case executionTime = "execution_time"
            case returnCode = "return_code"
            case outputLength = "output_length"
            case isCached = "cached"
        }
    }

    /// What is known of a tool that has not done its work.
    public struct Failure: Codable, Sendable, Hashable {
        /// What went wrong, for people.
        public var error: String
        /// How long it took, in seconds.
        public var executionTime: Double?
        /// Which attempt after the first it was.
        public var retryAttempt: Int?
        /// Whether it will be tried again.
        public var willRetry: Bool?

        /// Creates what is known.
        public init(
            error: String,
            executionTime: Double? = nil,
            retryAttempt: Int? = nil,
            willRetry: Bool? = nil
        ) {
            self.error = error
            self.executionTime = executionTime
            self.retryAttempt = retryAttempt
            self.willRetry = willRetry
        }

        private enum CodingKeys: String, CodingKey {
            case error
            case executionTime = "execution_time"
            case retryAttempt = "retry_attempt"
            case willRetry = "will_retry"
        }
    }

    /// Which tool.
    @NotEmpty public var toolID: String
    /// How far it has come.
    public var state: State

    /// Creates what the event says.
    ///
    /// - Throws: ``OmnibusError`` with the code `invalidMessage`, naming the field, where the tool is empty.
    public init(toolID: String, state: State) throws(OmnibusError) {
        self._toolID = try NotEmpty(toolID, CodingKeys.toolID)
        self.state = state
    }
}

extension ToolRun {
    private enum CodingKeys: String, CodingKey {
        case toolID = "tool_id"
        case status, parameters
        case executionContext = "execution_context"
    }

    /// The words of the member `status`.
    private enum Status: String, CaseIterable {
        case started, completed, failed
    }

    /// Reads the members, those of the state beside `status`.
    ///
    /// - Throws: `DecodingError`, naming the field that is wrong.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self._toolID = try container.decode(NotEmpty.self, forKey: .toolID)
        let word = try container.decode(String.self, forKey: .status)
        switch Status(rawValue: word) {
        case .started:
            self.state = .started(
                parameters: try container.decode(JSONObject.self, forKey: .parameters),
                executionContext: try container.decodeIfPresent(String.self, forKey: .executionContext)
            )
        case .completed: self.state = .completed(try Completion(from: decoder))
        case .failed: self.state = .failed(try Failure(from: decoder))
        case nil:
            let path = container.codingPath + [CodingKeys.status]
            let known = Status.allCases.map(\.rawValue)
            throw DecodingError.dataCorruptedError(
                forKey: .status,
                in: container,
                debugDescription: FieldFault.unknown(at: path, known: known)
            )
        }
    }

    /// Writes the members, those of the state beside `status`.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(self._toolID, forKey: .toolID)
        switch self.state {
        case .started(let parameters, let executionContext):
            try container.encode(Status.started.rawValue, forKey: .status)
            try container.encode(parameters, forKey: .parameters)
            try container.encodeIfPresent(executionContext, forKey: .executionContext)
        case .completed(let completion):
            try container.encode(Status.completed.rawValue, forKey: .status)
            try completion.encode(to: encoder)
        case .failed(let failure):
            try container.encode(Status.failed.rawValue, forKey: .status)
            try failure.encode(to: encoder)
        }
    }
}
