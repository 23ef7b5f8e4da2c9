// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus

// A topic is words with dots between them. In a pattern, '*' is exactly one word and '#' is any number of them.
let topics: [Topic] = ["agent.task.created", "agent.task.step.failed", "agent.worker.failed", "audit.access"]
let patterns: [TopicPattern] = ["agent.task.created", "agent.*.failed", "agent.#", "#.failed"]

for pattern in patterns {
    let matched = topics.filter { pattern.matches($0) }.map(\.description)
    print("\(pattern) matches \(matched.joined(separator: ", "))")
}

// Patterns can be compared with each other, without any topic.
let everything: TopicPattern = "agent.#"
print("agent.# contains agent.*.failed: \(everything.contains("agent.*.failed"))")
print("agent.*.failed overlaps #.task.*: \(TopicPattern("agent.*.failed").overlaps("#.task.*"))")

// A literal is checked when the program starts; text from elsewhere is checked where it comes in.
do {
    _ = try Topic(validating: "agent..created")
} catch {
    print("\(error.code): \(error.message)")
}

// One subscription for many topics gets messages, whatever they carry.
let bus = EventBus()
try await bus.subscribe(to: "agent.*.failed") { delivery in
    print("on \(delivery.message.topic): \(try delivery.message.payload.json())")
}

for topic in topics {
    let receipt = try await bus.publish(Message(topic: topic, payload: ["task": "t-1"]))
    // Nothing sleeps here: this waits until no message is waiting or being handled.
    await bus.settled()
    print("published to \(topic), which matched \(receipt.matched ?? 0)")
}
try await bus.shutdown()
