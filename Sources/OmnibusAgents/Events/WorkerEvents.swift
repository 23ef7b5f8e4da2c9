// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

public import Omnibus

// agent.worker.…: the documents name these events and show no sample. Their fields are those without which nobody could
// act on them, named as the samples name theirs; whatever else a worker says is in `metadata`.

/// `agent.worker.registered`: a worker is there and takes tasks.
public struct WorkerRegistered: AgentEvent {
    /// The topic of these events, `agent.worker.registered`.
    public static let topic: Topic = "agent.worker.registered"

    /// Which worker.
    @NotEmpty public var workerID: String
    /// The kinds of task that it takes; empty for all.
    public var taskTypes: [String]
    /// Whatever else the worker says of itself, of any form.
    public var metadata: JSONObject?

    /// Creates the event.
    ///
    /// - Throws: ``OmnibusError`` with the code `invalidMessage`, naming the field, where the id is empty.
    public init(workerID: String, taskTypes: [String] = [], metadata: JSONObject? = nil) throws(OmnibusError) {
        self._workerID = try NotEmpty(workerID, CodingKeys.workerID)
        self.taskTypes = taskTypes
        self.metadata = metadata
    }

    /// The worker.
    public var eventSubject: String? { self.workerID }

    private enum CodingKeys: String, CodingKey {
        case workerID = "worker_id"
        case taskTypes = "task_types"
        case metadata
    }
}

/// `agent.worker.heartbeat`: a worker is still there.
public struct WorkerHeartbeat: AgentEvent {
    /// The topic of these events, `agent.worker.heartbeat`.
    public static let topic: Topic = "agent.worker.heartbeat"

    /// Which worker.
    @NotEmpty public var workerID: String
    /// How many tasks it is working on.
    public var activeTasks: Int?
    /// Whatever else the worker says of itself, of any form.
    public var metadata: JSONObject?

    /// Creates the event.
    ///
    /// - Throws: ``OmnibusError`` with the code `invalidMessage`, naming the field, where the id is empty.
    public init(workerID: String, activeTasks: Int? = nil, metadata: JSONObject? = nil) throws(OmnibusError) {
        self._workerID = try NotEmpty(workerID, CodingKeys.workerID)
        self.activeTasks = activeTasks
        self.metadata = metadata
    }

    /// The worker.
    public var eventSubject: String? { self.workerID }

    private enum CodingKeys: String, CodingKey {
        case workerID = "worker_id"
        case activeTasks = "active_tasks"
        case metadata
    }
}

/// `agent.worker.shutdown`: a worker takes no more tasks.
public struct WorkerShutdown: AgentEvent {
    /// The topic of these events, `agent.worker.shutdown`.
    public static let topic: Topic = "agent.worker.shutdown"

    /// Which worker.
    @NotEmpty public var workerID: String
    /// Why, for people.
    public var reason: String?
    /// Whatever else the worker says of itself, of any form.
    public var metadata: JSONObject?

    /// Creates the event.
    ///
    /// - Throws: ``OmnibusError`` with the code `invalidMessage`, naming the field, where the id is empty.
    public init(workerID: String, reason: String? = nil, metadata: JSONObject? = nil) throws(OmnibusError) {
        self._workerID = try NotEmpty(workerID, CodingKeys.workerID)
        self.reason = reason
        self.metadata = metadata
    }

    /// The worker.
    public var eventSubject: String? { self.workerID }

    private enum CodingKeys: String, CodingKey {
        case workerID = "worker_id"
        case reason, metadata
    }
}
