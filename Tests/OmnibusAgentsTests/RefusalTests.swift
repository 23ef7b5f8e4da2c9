// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusAgents
import Testing

@Suite("Bad input")
struct RefusalTests {
    /// The members that may be missing, by their names; all others of the samples have to be there.
    private static let optional: Set<String> = [
        "deadline", "priority", "progress_percent", "current_step", "steps_completed", "steps_total", "duration_ms",
        "tokens_used", "retry_after", "attempts", "compensation", "compensated_steps", "execution_context",
        "output_length", "cached", "retry_attempt", "will_retry", "artifact_size", "detection_text", "client_ip",
        "user_agent", "user_id", "session_id", "details",
    ]

    private func error(_ type: any AgentEvent.Type, _ json: JSONValue) -> OmnibusError? {
        do throws(OmnibusError) {
            _ = try type.init(json: json)
            return nil
        } catch {
            return error
        }
    }

    @Test("without a field that has to be there names it", arguments: Sample.all)
    func missingFields(_ sample: Sample) throws {
        var count = 0
        for path in sample.data.paths where !Self.optional.contains(path.last ?? "") {
            // A failed tool's time may be unknown; a security event need not have a task, nor details.
            if sample.type == "tool_execution", path.last == "execution_time",
                sample.data["data"]?["status"] == "failed"
            {
                continue
            }
            if sample.type == "status_change", path == ["data", "message"] { continue }
            if sample.type == "security_audit", path == ["data", "tool_id"] { continue }
            let error = try #require(self.error(sample.event, sample.data.removing(path[...])), "\(path)")
            #expect(error.code == .undecodable)
            #expect(error.message.contains("'\(path.joined(separator: "."))' is missing"), "\(error)")
            count += 1
        }
        #expect(count > 0)
    }

    @Test("with a field of another type names it", arguments: Sample.all)
    func wrongTypes(_ sample: Sample) throws {
        for path in sample.data.paths {
            // The result of a task is of any type.
            if sample.type == "agent.task.completed", path == ["result"] { continue }
            let wrong: JSONValue = sample.data.value(at: path[...])?.stringValue == nil ? "text" : [7]
            let error = try #require(self.error(sample.event, sample.data.setting(path[...], to: wrong)), "\(path)")
            #expect(error.code == .undecodable)
            #expect(error.message.contains("'\(path.joined(separator: "."))"), "\(error)")
        }
    }

    @Test("a number that is not whole is refused by the field's name, and taken where a part makes sense")
    func fractions() throws {
        var json = Sample.tasks[1].data
        json["steps_total"] = 6.5
        let error = try #require(self.error(TaskProgress.self, json))
        #expect(error.code == .undecodable)
        #expect(error.message.contains("'steps_total' is not a number of the right kind; give it a whole number"))

        json["steps_total"] = 6
        json["progress_percent"] = 33.3
        #expect(try TaskProgress(json: json).progressPercent == 33.3)
        #expect(try TaskProgress(json: json).json() == json)
        let completed: JSONValue = ["task_id": "t", "status": "success", "result": 1e300, "duration_ms": 0.5]
        #expect(try TaskCompleted(json: completed).durationMilliseconds == 0.5)
    }

    @Test("a deadline is read and written as ISO 8601 has it, with or without an offset")
    func deadlines() throws {
        var json = Sample.tasks[0].data
        for text in ["2024-01-15T12:00:00", "2024-01-15T12:00:00.250000", "2024-01-15T13:00:00+01:00"] {
            json["deadline"] = .string(text)
            var task = try TaskAssigned(json: json)
            #expect(try task.json() == json)
            let isHalf = text.contains(".25")
            #expect(task.deadline == Timestamp(isHalf ? "2024-01-15T12:00:00.25Z" : "2024-01-15T12:00:00Z"))
            task.deadline = .epoch
            #expect(try task.json()["deadline"] == "1970-01-01T00:00:00Z")
            task.deadline = nil
            #expect(try task.json()["deadline"] == nil)
        }
        #expect(try TaskAssigned(json: json.removing(["deadline"])).deadline == nil)
        #expect(try TaskAssigned(json: json.setting(["deadline"], to: .null)).deadline == nil)
        let error = try #require(self.error(TaskAssigned.self, json.setting(["deadline"], to: "soon")))
        #expect(error.message.contains("'deadline' is no time"))
        let created = try TaskCreated(taskID: "t", taskType: "x", deadline: .epoch)
        #expect(try TaskCreated(json: created.json()) == created)
    }

    @Test("JSON of any form in an event keeps its digits, its members and their order")
    func exactMembers() throws {
        let text = #"{"n":123456789012345678901.25,"neg":-0.0,"\#u{E9}":1,"e\#u{301}":2,"z":1e400,"a":[1.5]}"#
        let parameters = try JSONValue(parsing: text)
        let json = Sample.tasks[0].data.setting(["parameters"], to: parameters)

        let event = try TaskAssigned(json: json)
        #expect(try event.json()["parameters"]?.text() == text)
        #expect(try Message(event).payload.json()["parameters"]?.text() == text)
        let again = try TaskAssigned(event.cloudEvent(id: "1"))
        #expect(try again.json()["parameters"]?.text() == text)
    }

    @Test("empty ids are refused when an event is made, and when it is read")
    func emptyIDs() throws {
        let made = #expect(throws: OmnibusError.self) { _ = try TaskCreated(taskID: "", taskType: "research") }
        #expect(made?.code == .invalidMessage)
        #expect(made?.message.contains("'task_id' is empty") == true)

        let assigned = #expect(throws: OmnibusError.self) {
            _ = try TaskAssigned(taskID: "t", taskType: "research", assignedTo: "")
        }
        #expect(assigned?.message.contains("'assigned_to' is empty") == true)

        let read = try #require(self.error(TaskCancelled.self, ["task_id": "", "status": "cancelled"]))
        #expect(read.code == .undecodable)
        #expect(read.message.contains("'task_id' is empty"))

        let makers: [(String, () throws -> Void)] = [
            ("worker_id", { _ = try WorkerHeartbeat(workerID: "") }),
            ("conversation_id", { _ = try ConversationEnded(conversationID: "") }),
            ("saga_id", { _ = try SagaStepFailed(sagaID: "", step: "s", error: "e") }),
            ("step", { _ = try SagaStepCompleted(sagaID: "s", step: "") }),
            ("order_id", { _ = try OrderCompleted(orderID: "", customerEmail: "") }),
            ("reservation_id", { _ = try InventoryRelease(reservationID: "") }),
            ("tool_id", { _ = try ToolRun(toolID: "", state: .started(parameters: [:], executionContext: nil)) }),
            ("artifact_name", { _ = try Artifact(artifactType: "file", artifactName: "") }),
            ("event_type", { _ = try SecurityRecord(eventType: "", severity: "high") }),
            ("type", { _ = try Compensation(type: "", data: [:]) }),
        ]
        for (field, make) in makers {
            let error = #expect(throws: OmnibusError.self) { try make() }
            #expect(error?.message.contains("'\(field)' is empty") == true, "\(field)")
        }
        for field in ["action", "actor", "resource"] {
            let error = #expect(throws: OmnibusError.self) {
                _ = try AuditAccess(
                    action: field == "action" ? "" : "read",
                    actor: field == "actor" ? "" : "agent",
                    resource: field == "resource" ? "" : "/",
                    result: "allowed",
                    timestamp: .epoch
                )
            }
            #expect(error?.message.contains("'\(field)' is empty") == true)
        }
    }

    @Test("another event, another state, and what is no object are refused by name")
    func otherEvents() throws {
        let other: JSONValue = ["event": "message", "task_id": "t", "timestamp": "2024-01-15T10:30:00Z", "data": [:]]
        #expect(
            self.error(StatusChanged.self, other)?.message.contains(
                "'event' is not a word that is known here; write status_change"
            ) == true
        )

        let state = Sample.runtime[4].data.setting(["data", "status"], to: "paused")
        let error = try #require(self.error(ToolExecution.self, state))
        #expect(
            error.message.contains(
                "'data.status' is not a word that is known here; write one of started, completed, failed"
            )
        )

        let time = Sample.runtime[0].data.setting(["timestamp"], to: "yesterday")
        #expect(self.error(StatusChanged.self, time)?.message.contains("'timestamp' is no time") == true)

        let null = Sample.tasks[3].data.setting(["task_id"], to: nil)
        #expect(self.error(TaskFailed.self, null)?.message.contains("'task_id' is null; give it a text") == true)

        for json: JSONValue in [nil, [], "text", 7] { #expect(self.error(TaskFailed.self, json)?.code == .undecodable) }

        let failed = try TaskFailed(json: Sample.tasks[3].data)
        let cloudEvent = try failed.cloudEvent(id: "1")
        let mixed = #expect(throws: OmnibusError.self) { _ = try OrderSagaCompleted(cloudEvent) }
        #expect(mixed?.code == .undecodable)
        let wrongType = try CloudEvent(id: "1", source: "/", type: "agent.task.created", data: cloudEvent.data)
        let refused = #expect(throws: OmnibusError.self) { _ = try TaskFailed(wrongType) }
        #expect(refused?.code == .invalidMessage)
        #expect(refused?.message.contains("agent.task.created") == true)
        let empty = try CloudEvent(id: "1", source: "/", type: "agent.task.failed")
        #expect(throws: OmnibusError.self) { _ = try TaskFailed(empty) }
        #expect(throws: OmnibusError.self) { _ = try failed.cloudEvent(id: "") }
    }
}
