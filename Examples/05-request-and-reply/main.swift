// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus

struct Sum: Codable, Sendable {
    var values: [Int]
}

struct TooMany: Error {}

let bus = EventBus()

// A responder returns the answer. Requests and answers are any values that can be encoded.
try await bus.respond(to: "calculate", as: Sum.self) { sum in
    guard sum.values.count < 5 else { throw TooMany() }
    return sum.values.reduce(0, +)
}

let total = try await bus.request(Sum(values: [1, 2, 3]), to: "calculate", as: Int.self, timeout: .seconds(30))
print("1 + 2 + 3 = \(total)")

// What the responder throws reaches whoever asked.
do {
    _ = try await bus.request(Sum(values: [1, 2, 3, 4, 5]), to: "calculate", as: Int.self)
} catch let error as OmnibusError {
    print("\(error.code): \(error.message)")
}

// Where nobody listens, the answer comes at once, not after the timeout.
do {
    _ = try await bus.request("?", to: "nobody.there", as: String.self)
} catch let error as OmnibusError {
    print("\(error.code): \(error.message)")
}

// One question to several: each of them answers, in whatever order.
for name in ["Ada", "Grace", "Edsger"] {
    try await bus.respond(to: "greet", as: String.self) { greeting in "\(greeting), says \(name)" }
}
var answers: [String] = []
for try await answer in try await bus.replies(to: "Hello", on: "greet", as: String.self) {
    answers.append(answer)
}
print(answers.sorted().joined(separator: "; "))

try await bus.shutdown()
