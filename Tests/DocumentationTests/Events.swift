// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus

struct TaskCreated: Event {
    static let topic: Topic = "agent.task.created"
    var taskID: String
    var prompt: String
}

struct TaskCompleted: Event {
    static let topic: Topic = "agent.task.completed"
    var taskID: String
}

struct Sum: Codable, Sendable { var values: [Int] }
