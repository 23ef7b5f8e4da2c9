// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusAgents
import Testing

@Suite("Task status")
struct TaskStatusTests {
    /// The three vocabularies, side by side.
    private static let words: [(status: TaskStatus, outcome: String, lifecycle: String, record: String)] = [
        (.submitted, "pending", "submitted", "PENDING"),
        (.working, "in_progress", "working", "IN_PROGRESS"),
        (.completed, "success", "completed", "COMPLETED"),
        (.failed, "failed", "failed", "FAILED"),
        (.cancelled, "cancelled", "cancelled", "CANCELLED"),
    ]

    @Test("has a word in each vocabulary, and is read from each")
    func words() {
        #expect(Self.words.map(\.status) == TaskStatus.allCases)
        for row in Self.words {
            #expect(row.status.word(in: .outcome) == row.outcome)
            #expect(row.status.word(in: .lifecycle) == row.lifecycle)
            #expect(row.status.word(in: .record) == row.record)
            for word in [row.outcome, row.lifecycle, row.record] { #expect(TaskStatus(word: word) == row.status) }
        }
        for word in ["", "Success", "done", "canceled"] { #expect(TaskStatus(word: word) == nil) }
    }

    @Test("is read in any vocabulary and written in that of the event")
    func eventsHaveTheirOwn() throws {
        for row in Self.words {
            for word in [row.outcome, row.lifecycle, row.record] {
                let progress = try TaskProgress(json: ["task_id": "t", "status": .string(word)])
                #expect(progress.status == row.status)
                #expect(try progress.json() == ["task_id": "t", "status": .string(row.outcome)])

                let changed = try StatusChanged(json: [
                    "event": "status_change", "task_id": "t", "timestamp": "2024-01-15T10:30:00Z",
                    "data": ["old_state": .string(word), "new_state": .string(word)],
                ])
                #expect(changed.oldState == row.status && changed.newState == row.status)
                #expect(
                    try changed.json()["data"]
                        == ["old_state": .string(row.lifecycle), "new_state": .string(row.lifecycle)]
                )
            }
        }
    }

    @Test("is refused in any other word, with the field and the words that are known")
    func refusesOthers() throws {
        let error = #expect(throws: OmnibusError.self) {
            _ = try StatusChanged(json: [
                "event": "status_change", "task_id": "t", "timestamp": "2024-01-15T10:30:00Z",
                "data": ["old_state": "working", "new_state": "done"],
            ])
        }
        let message = try #require(error?.message)
        #expect(error?.code == .undecodable)
        #expect(message.contains("'data.new_state' is not a word that is known here"))
        #expect(!message.contains("done"))
        for row in Self.words {
            for word in [row.outcome, row.lifecycle, row.record] { #expect(message.contains(word)) }
        }
    }
}
