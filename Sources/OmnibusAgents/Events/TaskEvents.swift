// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

public import Omnibus

// agent.task.…: all are about a task, whose id is their subject and so their key. Where the documents show no sample
// of an event (created, cancelled), it has the fields of those that they show.

/// `agent.task.created`: a task is there, and nobody has it yet.
public struct TaskCreated: AgentEvent {
    /// The topic of these events, `agent.task.created`.
    public static let topic: Topic = "agent.task.created"

    /// Which task.
    @NotEmpty public var taskID: String
    /// What kind of work it is, such as `web_research`.
    public var taskType: String
    /// What the work needs to know, of any form.
    public var parameters: JSONObject
    /// When it has to be done.
    @OptionalWrittenTime public var deadline: Timestamp?
    /// How urgent it is.
    public var priority: Priority?

    /// Creates the event.
    ///
    /// - Throws: ``OmnibusError`` with the code `invalidMessage`, naming the field, where the id is empty.
    public init(
        taskID: String,
        taskType: String,
        parameters: JSONObject = [:],
        deadline: Timestamp? = nil,
        priority: Priority? = nil
    ) throws(OmnibusError) {
        self._taskID = try NotEmpty(taskID, CodingKeys.taskID)
        self.taskType = taskType
        self.parameters = parameters
        self.deadline = deadline
        self.priority = priority
    }

    /// The task.
    public var eventSubject: String? { self.taskID }

    private enum CodingKeys: String, CodingKey {
        case taskID = "task_id"
        case taskType = "task_type"
        case parameters, deadline, priority
    }
}

/// `agent.task.assigned`: a worker is to do the task.
public struct TaskAssigned: AgentEvent {
    /// The topic of these events, `agent.task.assigned`.
    public static let topic: Topic = "agent.task.assigned"

    /// Which task.
    @NotEmpty public var taskID: String
    /// What kind of work it is, such as `web_research`.
    public var taskType: String
    /// What the work needs to know, of any form.
    public var parameters: JSONObject
    /// The worker that is to do it.
    @NotEmpty public var assignedTo: String
    /// When it has to be done.
    @OptionalWrittenTime public var deadline: Timestamp?
    /// How urgent it is.
    public var priority: Priority?

    /// Creates the event.
    ///
    /// - Throws: ``OmnibusError`` with the code `invalidMessage`, naming the field, where task or worker is empty.
    public init(
        taskID: String,
        taskType: String,
        parameters: JSONObject = [:],
        assignedTo: String,
        deadline: Timestamp? = nil,
        priority: Priority? = nil
    ) throws(OmnibusError) {
        self._taskID = try NotEmpty(taskID, CodingKeys.taskID)
        self.taskType = taskType
        self.parameters = parameters
        self._assignedTo = try NotEmpty(assignedTo, CodingKeys.assignedTo)
        self.deadline = deadline
        self.priority = priority
    }

    /// The task.
    public var eventSubject: String? { self.taskID }

    private enum CodingKeys: String, CodingKey {
        case taskID = "task_id"
        case taskType = "task_type"
        case parameters
        case assignedTo = "assigned_to"
        case deadline, priority
    }
}

/// `agent.task.progress`: how far the work on a task has come.
public struct TaskProgress: AgentEvent {
    /// The topic of these events, `agent.task.progress`.
    public static let topic: Topic = "agent.task.progress"

    /// Which task.
    @NotEmpty public var taskID: String
    /// How far it has come, `in_progress` as a rule.
    @OutcomeWord public var status: TaskStatus
    /// How much of the work is done, in percent.
    public var progressPercent: Double?
    /// What is being done now.
    public var currentStep: String?
    /// How many steps are done.
    public var stepsCompleted: Int?
    /// How many steps there are.
    public var stepsTotal: Int?

    /// Creates the event.
    ///
    /// - Throws: ``OmnibusError`` with the code `invalidMessage`, naming the field, where the id is empty.
    public init(
        taskID: String,
        status: TaskStatus = .working,
        progressPercent: Double? = nil,
        currentStep: String? = nil,
        stepsCompleted: Int? = nil,
        stepsTotal: Int? = nil
    ) throws(OmnibusError) {
        self._taskID = try NotEmpty(taskID, CodingKeys.taskID)
        self.status = status
        self.progressPercent = progressPercent
        self.currentStep = currentStep
        self.stepsCompleted = stepsCompleted
        self.stepsTotal = stepsTotal
    }

    /// The task.
    public var eventSubject: String? { self.taskID }

    private enum CodingKeys: String, CodingKey {
        case taskID = "task_id"
        case status
        case progressPercent = "progress_percent"
        case currentStep = "current_step"
        case stepsCompleted = "steps_completed"
        case stepsTotal = "steps_total"
    }
}

/// `agent.task.completed`: the work on a task is done.
public struct TaskCompleted: AgentEvent {
    /// The topic of these events, `agent.task.completed`.
    public static let topic: Topic = "agent.task.completed"

    /// Which task.
    @NotEmpty public var taskID: String
    /// How it ended, `success` as a rule.
    @OutcomeWord public var status: TaskStatus
    /// What came out, of any form.
    public var result: JSONValue
    /// How long it took, in milliseconds.
    public var durationMilliseconds: Double?
    /// How many tokens models have used for it.
    public var tokensUsed: Int?

    /// Creates the event.
    ///
    /// - Throws: ``OmnibusError`` with the code `invalidMessage`, naming the field, where the id is empty.
    public init(
        taskID: String,
        status: TaskStatus = .completed,
        result: JSONValue,
        durationMilliseconds: Double? = nil,
        tokensUsed: Int? = nil
    ) throws(OmnibusError) {
        self._taskID = try NotEmpty(taskID, CodingKeys.taskID)
        self.status = status
        self.result = result
        self.durationMilliseconds = durationMilliseconds
        self.tokensUsed = tokensUsed
    }

    /// The task.
    public var eventSubject: String? { self.taskID }

    private enum CodingKeys: String, CodingKey {
        case taskID = "task_id"
        case status, result
        case durationMilliseconds = "duration_ms"
        case tokensUsed = "tokens_used"
    }
}

/// `agent.task.failed`: the work on a task has ended with an error.
public struct TaskFailed: AgentEvent {
    /// The topic of these events, `agent.task.failed`.
    public static let topic: Topic = "agent.task.failed"

    /// Which task.
    @NotEmpty public var taskID: String
    /// How it ended, `failed` as a rule.
    @OutcomeWord public var status: TaskStatus
    /// What went wrong.
    public var error: TaskError
    /// How often it was tried.
    public var attempts: Int?

    /// Creates the event.
    ///
    /// - Throws: ``OmnibusError`` with the code `invalidMessage`, naming the field, where the id is empty.
    public init(
        taskID: String,
        status: TaskStatus = .failed,
        error: TaskError,
        attempts: Int? = nil
    ) throws(OmnibusError) {
        self._taskID = try NotEmpty(taskID, CodingKeys.taskID)
        self.status = status
        self.error = error
        self.attempts = attempts
    }

    /// The task.
    public var eventSubject: String? { self.taskID }

    private enum CodingKeys: String, CodingKey {
        case taskID = "task_id"
        case status, error, attempts
    }
}

/// What went wrong with a task.
public struct TaskError: Codable, Sendable, Hashable {
    /// The name of the kind of error, such as `RATE_LIMIT`.
    public var code: String
    /// What happened, for people.
    public var message: String
    /// Whether trying again may help.
    public var isRetryable: Bool
    /// How long to wait before that, in seconds.
    public var retryAfter: Double?

    /// Creates a description of what went wrong.
    public init(code: String, message: String, isRetryable: Bool, retryAfter: Double? = nil) {
        self.code = code
        self.message = message
        self.isRetryable = isRetryable
        self.retryAfter = retryAfter
    }

    private enum CodingKeys: String, CodingKey {
        case code, message
        case isRetryable = "retryable"
        case retryAfter = "retry_after"
    }
}

/// `agent.task.cancelled`: somebody does not want the task done any more.
public struct TaskCancelled: AgentEvent {
    /// The topic of these events, `agent.task.cancelled`.
    public static let topic: Topic = "agent.task.cancelled"

    /// Which task.
    @NotEmpty public var taskID: String
    /// How it ended, `cancelled` as a rule.
    @OutcomeWord public var status: TaskStatus
    /// Why, for people.
    public var reason: String?

    /// Creates the event.
    ///
    /// - Throws: ``OmnibusError`` with the code `invalidMessage`, naming the field, where the id is empty.
    public init(taskID: String, status: TaskStatus = .cancelled, reason: String? = nil) throws(OmnibusError) {
        self._taskID = try NotEmpty(taskID, CodingKeys.taskID)
        self.status = status
        self.reason = reason
    }

    /// The task.
    public var eventSubject: String? { self.taskID }

    private enum CodingKeys: String, CodingKey {
        case taskID = "task_id"
        case status, reason
    }
}
