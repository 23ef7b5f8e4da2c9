// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus

struct InvoiceArrived: Event {
    static let topic: Topic = "invoices.arrived"
    var number: Int
    var currency: String
}

struct UnknownCurrency: Error {
    var currency: String
}

/// Exchange rates, one of which is missing at first.
actor Rates {
    private var known: Set<String> = ["EUR"]

    func add(_ currency: String) { self.known.insert(currency) }

    func check(_ currency: String) throws {
        guard self.known.contains(currency) else { throw UnknownCurrency(currency: currency) }
    }
}

let bus = EventBus()
let rates = Rates()

// What happens when a handler throws is one value. This one tries three times, at once; the default waits between
// five attempts, longer and longer.
let policy = HandlerSettings(failurePolicy: .retry(.none, attempts: 3))

try await bus.subscribe(to: InvoiceArrived.self, group: "booking", with: policy) { invoice, delivery in
    guard invoice.number > 0 else {
        // Trying again cannot help: give up at once, and say why.
        return try await delivery.reject(reason: "an invoice needs a number")
    }
    print("invoice \(invoice.number), attempt \(delivery.attempt)")
    try await rates.check(invoice.currency)
    print("invoice \(invoice.number) is booked")
}

for (number, currency) in [(1, "EUR"), (2, "CHF"), (0, "EUR")] {
    try await bus.publish(InvoiceArrived(number: number, currency: currency))
    await bus.settled()
}

// What was given up on is kept whole, with every attempt.
let deadLetters = try bus.deadLetters
for letter in deadLetters.list() {
    let error = letter.lastError.map { ", last error: \($0.errorType)" } ?? ""
    print("dead letter of '\(letter.group ?? "-")': \(letter.reason)\(error)")
}

// The cause is mended, so the work can be done again: by the group that gave up, and by nobody else.
await rates.add("CHF")
let report = await deadLetters.redrive(where: DeadLetterFilter(reasons: [.retriesExhausted]))
await bus.settled()

print(report)
print("dead letters left: \(deadLetters.count)")
try await bus.shutdown()
