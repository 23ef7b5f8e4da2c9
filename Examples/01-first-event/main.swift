// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus

// An event is a type that knows its topic.
struct TaskCreated: Event {
    static let topic: Topic = "agent.task.created"
    var taskID: String
    var prompt: String
}

struct TaskCompleted: Event {
    static let topic: Topic = "agent.task.completed"
    var taskID: String
}

// In memory, nothing to configure.
let bus = EventBus()

// Subscribe first: a topic keeps nothing for those who come later.
try await bus.subscribe(to: TaskCreated.self) { task in
    print("\(task.taskID) begins: \(task.prompt)")
    // What a handler publishes names the message that it handles as its cause, by itself.
    try await bus.publish(TaskCompleted(taskID: task.taskID))
}

// A handler with two parameters gets the delivery as well: the message, its attempt, its settlement.
try await bus.subscribe(to: TaskCompleted.self) { task, delivery in
    let message = delivery.message
    print("\(task.taskID) is done on '\(message.topic)', attempt \(delivery.attempt)")
    print("caused by another message: \(message.causationID != nil)")
}

let receipt = try await bus.publish(TaskCreated(taskID: "t-1", prompt: "Summarise the report"))

// Stops intake, lets the handlers finish what is there, and says what became of it.
let report = try await bus.shutdown(deadline: .seconds(5))
print("published to \(receipt.matched ?? 0) subscription; left undone at the end: \(report.abandoned)")
