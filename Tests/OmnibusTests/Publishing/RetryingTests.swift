// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusTesting
import Synchronization
import Testing

@testable import Omnibus

/// A provider that refuses so many messages before it takes one.
private final class RefusingProvider: EventBusProvider {
    static let capabilities = ProviderCapabilities(provider: "refusing", abilities: [])

    private let refusals: Mutex<[OmnibusError]>
    let credentials: EventBusCredentials?
    let published = EventRecorder<Message>()

    init(_ refusals: [OmnibusError], credentials: EventBusCredentials? = nil) {
        self.refusals = Mutex(refusals)
        self.credentials = credentials
    }

    func publish(_ message: Message) async throws(OmnibusError) -> PublishReceipt {
        self.published.record(message)
        let refusal = self.refusals.withLock { $0.isEmpty ? nil : $0.removeFirst() }
        if let refusal { throw refusal }
        return PublishReceipt(messageID: message.id, matched: nil)
    }

    func subscribe(
        to pattern: TopicPattern,
        _ settings: SubscriptionSettings
    ) async throws(OmnibusError) -> any ProviderSubscription {
        throw self.unsupported(.groups)
    }
}

@Suite("Publishing with retries", .timeLimit(.minutes(5)))
struct RetryingTests {
    let manual = ManualEnvironment(seed: 91)
    let message = Message(topic: "a", payload: 1)

    private func refusal(_ advice: OmnibusError.Advice = .retry(after: nil)) -> OmnibusError {
        OmnibusError(.timeout, "The server does not answer.", advice: advice)
    }

    private func publisher(
        _ bus: EventBus,
        _ policy: FailurePolicy
    ) -> Task<PublishReceipt, any Error> {
        Task { [message] in try await bus.publish(message, retrying: policy) }
    }

    /// Lets the clock go on when somebody waits for it, so many times, and returns the waits.
    private func waits(_ count: Int) async throws -> [Duration] {
        var waits: [Duration] = []
        for _ in 0..<count {
            try await self.manual.clock.timers(atLeast: 1)
            let wait = try #require(self.manual.clock.timeToNextTimer)
            waits.append(wait)
            self.manual.clock.advance(by: wait)
        }
        return waits
    }

    @Test("tries as often as the policy says, with one id, and no earlier than the error says")
    func retries() async throws {
        let provider = RefusingProvider([self.refusal(), self.refusal(.retry(after: .seconds(60)))])
        let bus = EventBus(provider: provider, environment: self.manual.environment)
        let publisher = self.publisher(bus, .retry(.fixed([.seconds(1)], then: .seconds(5)), attempts: 3))
        #expect(try await self.waits(2) == [.seconds(1), .seconds(60)])
        let receipt = try await publisher.value
        #expect(provider.published.all.map(\.id) == Array(repeating: receipt.messageID, count: 3))
        #expect(receipt.messageID.isAssigned)
        #expect(try await bus.publisherMetrics().retried == 2)
    }

    @Test("by default makes three more attempts, at most 1, 2 and 4 seconds apart, and then gives up")
    func givesUp() async throws {
        let provider = RefusingProvider(Array(repeating: self.refusal(), count: 9))
        let bus = EventBus(provider: provider, environment: self.manual.environment)
        let publisher = self.publisher(bus, .publishing)
        let waits = try await self.waits(3)
        for (wait, longest) in zip(waits, [1.0, 2, 4]) {
            #expect(wait >= .seconds(longest / 2) && wait <= .seconds(longest), "\(waits)")
        }
        let error = await expectError(.timeout) { _ = try await publisher.value }
        #expect(error?.message.contains("'a' could not be published; tried 4 times") == true)
        #expect((error?.cause as? OmnibusError)?.message == "The server does not answer.")
        #expect(provider.published.count == 4)
    }

    @Test("does not try again what trying again does not mend", arguments: [OmnibusError.Advice.giveUp, .deadLetter])
    func permanent(advice: OmnibusError.Advice) async throws {
        let provider = RefusingProvider([self.refusal(advice)])
        let bus = EventBus(provider: provider, environment: self.manual.environment)
        let error = await expectError(.timeout) { _ = try await bus.publish(self.message, retrying: .publishing) }
        #expect(error?.message == "The server does not answer.")
        #expect(provider.published.count == 1)
    }

    @Test("leaves to middleware what it refuses for good, and what it does not")
    func middleware() async throws {
        struct Refused: Error {}
        struct Busy: RetryAdvising {
            var retryAdvice: OmnibusError.Advice? { .retry(after: .seconds(3)) }
        }
        let failures = Mutex<[any Error]>([Busy(), Refused()])
        let bus = self.manual.makeBus(
            settings: BusSettings(
                publishMiddleware: [
                    .changing("picky") { _ in if let error = failures.withLock({ $0.popLast() }) { throw error } }
                ]
            )
        )
        await #expect(throws: Refused.self) { try await bus.publish(self.message, retrying: .publishing) }
        let publisher = self.publisher(bus, .retry(.none, attempts: 2))
        #expect(try await self.waits(1) == [.seconds(3)])
        #expect(try await publisher.value.matched == 0)
    }

    @Test("goes on with those alone that have not got the message")
    func partial() async throws {
        let bus = self.manual.makeBus()
        let wide = EventRecorder<Int>()
        try await bus.subscribe(to: Step.self) { wide.record($0.number) }
        let narrow = EventRecorder<Int>()
        let settings = HandlerSettings(bounds: QueueBounds(count: 1), overflow: .reject)
        let subscription = try await bus.subscribe(to: Step.self, with: settings) { narrow.record($0.number) }
        try await subscription.pause()
        try await bus.publish(Step(number: 0))

        let publisher = Task { try await bus.publish(Step(number: 1), retrying: .publishing) }
        try await self.manual.clock.timers(atLeast: 1)
        try await subscription.resume()
        try await narrow.expect(1)
        self.manual.clock.advance(by: .seconds(1))
        #expect(try await publisher.value.matched == 2)
        await bus.settled()
        #expect(wide.all == [0, 1])
        #expect(narrow.all == [0, 1])
    }

    @Test("keeps who has the message and who has not, when it gives up or is cancelled", arguments: [false, true])
    func partialEnd(isCancelled: Bool) async throws {
        let bus = self.manual.makeBus()
        let wide = try await bus.recorder(of: Step.self)
        let settings = HandlerSettings(bounds: QueueBounds(count: 1), overflow: .reject)
        let subscription = try await bus.subscribe(to: Step.self, with: settings) { _ in }
        try await subscription.pause()
        try await bus.publish(Step(number: 0))

        let publisher = Task {
            try await bus.publish(Step(number: 1), retrying: .retry(.fixed([], then: .seconds(1)), attempts: 2))
        }
        try await self.manual.clock.timers(atLeast: 1)
        if isCancelled { publisher.cancel() } else { self.manual.clock.advance(by: .seconds(1)) }
        let error = await expectError(.partiallyAccepted) { _ = try await publisher.value }
        let details = try #require(error?.details as? PartialAcceptance)
        #expect(details.receipt.matched == 1)
        try await subscription.resume()
        await bus.settled()
        #expect(try await details.resume().matched == 2)
        await bus.settled()
        #expect(wide.all.map(\.number) == [0, 1])
    }

    @Test("ends promptly when the task is cancelled, and leaves no timer")
    func cancelled() async throws {
        let bus = EventBus(
            provider: RefusingProvider([self.refusal(), self.refusal()]),
            environment: self.manual.environment
        )
        let publisher = self.publisher(bus, .publishing)
        try await self.manual.clock.timers(atLeast: 1)
        publisher.cancel()
        await expectError(.cancelled) { _ = try await publisher.value }
        #expect(self.manual.clock.pendingTimers == 0)
    }

    @Test("refuses a policy that makes no sense, and publishes nothing")
    func absurd() async throws {
        let provider = RefusingProvider([])
        let bus = EventBus(provider: provider)
        await expectError(.invalidSettings) {
            _ = try await bus.publish(self.message, retrying: FailurePolicy(attempts: 0))
        }
        #expect(provider.published.count == 0)
    }

    @Test("is of a bus that says who it is, without showing it")
    func credentials() {
        let credentials = EventBusCredentials(username: "u", password: Secret("hidden"))
        let bus: any EventPubSub = EventBus(provider: RefusingProvider([], credentials: credentials))
        #expect(bus.credentials == credentials)
        #expect("\(String(describing: bus.credentials))".contains("hidden") == false)
        #expect(EventBus().credentials == nil)
    }
}
