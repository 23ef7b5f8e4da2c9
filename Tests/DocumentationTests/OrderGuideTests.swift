// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Testing

struct PaymentReceived: Event {
    static let topic: Topic = "payment.received"
    var account: String
    var amount: Int
    var eventKey: String? { self.account }
}

/// What the guide's handlers call.
private actor Book {
    private(set) var entries: [String] = []
    func book(_ payment: PaymentReceived) throws { self.entries.append("\(payment.account)\(payment.amount)") }
    func append(_ message: Message) throws { self.entries.append("\(message.topic)") }
    func show(_ text: String) { self.entries.append(text) }
}

@Suite("The guide to order", .timeLimit(.minutes(5)))
struct OrderGuideTests {
    let bus = ManualEnvironment(seed: 41).makeBus()

    @Test("keeps accounts apart")
    func keys() async throws {
        let (bus, ledger, journal) = (self.bus, Book(), Book())
        try await bus.subscribe(to: PaymentReceived.self, with: HandlerSettings(concurrency: 8)) { payment in
            try await ledger.book(payment)
        }
        try await bus.subscribe(to: "payment.#", with: HandlerSettings(ordering: .strict)) { delivery in
            try await journal.append(delivery.message)
        }
        for number in 0..<20 {
            try await bus.publish(PaymentReceived(account: number % 2 == 0 ? "a" : "b", amount: number))
        }
        try await bus.publish(StopEverything())
        await bus.settled()

        let booked = await ledger.entries
        #expect(booked.filter { $0.hasPrefix("a") } == stride(from: 0, to: 20, by: 2).map { "a\($0)" })
        #expect(booked.filter { $0.hasPrefix("b") } == stride(from: 1, to: 20, by: 2).map { "b\($0)" })
        #expect(await journal.entries.count == 21)
    }

}

struct StopEverything: Event {
    static let topic: Topic = "payment.control"
    static let priority: Priority = .critical
}

struct TokensWritten: Event {
    static let topic: Topic = "agent.tokens"
    var text: String
    var eventKey: String? { "answer" }
}

@Suite("The guide to bounds and signals", .timeLimit(.minutes(5)))
struct BoundsGuideTests {
    let bus = ManualEnvironment(seed: 42).makeBus()

    @Test("merges tokens")
    func tokens() async throws {
        let (bus, screen) = (self.bus, Book())
        let subscription = try await bus.subscribe(
            to: TokensWritten.self,
            with: HandlerSettings(
                bounds: QueueBounds(count: 64),
                overflow: .coalesce { older, newer in
                    var merged = newer
                    let text = (older.payload["text"]?.stringValue ?? "") + (newer.payload["text"]?.stringValue ?? "")
                    merged.payload = ["text": JSONValue.string(text)]
                    return merged
                }
            )
        ) { tokens in
            await screen.show(tokens.text)
        }
        try await subscription.pause()
        for number in 0..<66 { try await bus.publish(TokensWritten(text: "\(number) ")) }
        try await subscription.resume()
        await bus.settled()
        let shown = await screen.entries
        #expect(shown.count == 64)
        #expect(shown.joined() == (0..<66).map { "\($0) " }.joined())
    }

    @Test("says what is slow, and goes slower on purpose")
    func slow() async throws {
        let listener = bus.onSignal { signal in
            if signal.kind == .slow || signal.kind == .dropping { print(signal) }
        }
        let settings = HandlerSettings(
            concurrency: 4,
            throttle: Throttle(100, per: .seconds(1)),
            circuitBreaker: CircuitBreaker(failures: 5, within: .seconds(60), cooldown: .seconds(30))
        )
        let book = Book()
        try await self.bus.subscribe(to: PaymentReceived.self, with: settings) { try await book.book($0) }
        for number in 0..<101 { try await self.bus.publish(PaymentReceived(account: "a", amount: number)) }
        await self.bus.settled()
        #expect(await book.entries.count == 100)
        listener.cancel()
    }
}
