// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusAgents
import Testing

@Suite("Task events")
struct TaskEventTests {
    @Test("assigned: has the document's fields")
    func assigned() throws {
        let sample: JSONValue = [
            "task_id": "task-123", "task_type": "web_research",
            "parameters": ["query": "Latest AI news", "max_results": 10],
            "assigned_to": "worker-5", "deadline": "2024-01-15T12:00:00Z", "priority": "high",
        ]
        let event = try TaskAssigned(json: sample)
        #expect(try event.json() == sample)
    }
}
