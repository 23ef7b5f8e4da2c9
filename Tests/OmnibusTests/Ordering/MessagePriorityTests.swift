// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Testing

@Suite("Priorities", .timeLimit(.minutes(5)))
struct MessagePriorityTests {
    let manual = ManualEnvironment(seed: 33)
    let bus: EventBus
    let log = EventRecorder<String>()

    init() {
        self.bus = self.manual.makeBus()
    }

    /// Publishes while the subscription is paused, and returns what is handled in which order.
    private func order(of messages: [Message], _ settings: HandlerSettings = HandlerSettings()) async throws -> [String]
    {
        let log = self.log
        let subscription = try await self.bus.subscribe(to: "jobs", with: settings) {
            log.record($0.message.jobName)
        }
        try await subscription.pause()
        for message in messages { try await self.bus.publish(message) }
        try await subscription.resume()
        return try await log.expect(messages.count)
    }

    @Test("go before lower ones, in the order in which they came")
    func order() async throws {
        let order = try await self.order(of: [
            .job("l1", priority: .low), .job("n1"), .job("h1", priority: .high), .job("c1", priority: .critical),
            .job("n2"), .job("c2", priority: .critical), .job("h2", priority: .high), .job("l2", priority: .low),
        ])
        #expect(order == ["c1", "c2", "h1", "h2", "n1", "n2", "l1", "l2"])
    }

    @Test("leave lower ones a share")
    func share() async throws {
        var messages: [Message] = (0..<40).map { .job("h\($0)", priority: .high) }
        messages += (0..<4).map { .job("n\($0)") } + (0..<4).map { .job("l\($0)", priority: .low) }
        let order = try await self.order(of: messages)
        // After eight urgent ones at most, one of each that had to wait has had its turn.
        let normal = try #require(order.firstIndex(of: "n0"))
        let low = try #require(order.firstIndex(of: "l0"))
        #expect((8...10).contains(normal))
        #expect((8...10).contains(low))
        for kind in ["h", "n", "l"] {
            let numbers = order.filter { $0.hasPrefix(kind) }.compactMap { Int($0.dropFirst()) }
            #expect(numbers == numbers.sorted())
        }
    }

    @Test("of an event type are those of its messages, however it is subscribed to", arguments: [true, false])
    func eventType(typed: Bool) async throws {
        let log = self.log
        let subscription: Subscription
        if typed {
            subscription = try await self.bus.subscribe(to: Step.self) { log.record("\($0.number)") }
        } else {
            subscription = try await self.bus.subscribe(to: "job.step") { (delivery: Delivery) in
                log.record("\(try delivery.message.payload.decode(as: Step.self, codec: JSONCodec()).number)")
            }
        }
        try await subscription.pause()
        for number in 1...3 { try await self.bus.publish(Step(number: number)) }
        for number in 4...5 { try await self.bus.publish(Alarm(number: number)) }
        try await subscription.resume()
        #expect(try await log.expect(5) == ["4", "5", "1", "2", "3"])
    }

    @Test("overtake what a worker has taken ahead")
    func overtakeABatch() async throws {
        let (gate, log) = (Gate(), self.log)
        try await self.bus.subscribe(to: Step.self) { step in
            log.record("\(step.number)")
            if step.number == 0 { try await gate.pass() }
        }
        for number in 0..<10 { try await self.bus.publish(Step(number: number)) }
        _ = try await log.expect(1)
        for (number, priority) in [(20, Priority.high), (21, .high), (30, .critical), (31, .critical)] {
            var message = Message(topic: Step.topic, value: Step(number: number), codec: JSONCodec())
            message.priority = priority
            try await self.bus.publish(message)
        }
        gate.open()
        #expect(try await log.expect(14) == ["0", "30", "31", "20", "21"] + (1..<10).map(String.init))
    }

    @Test("decide what is dropped first")
    func drops() async throws {
        let settings = HandlerSettings(bounds: QueueBounds(count: 4), overflow: .dropOldest)
        let order = try await self.orderOfRest(
            of: [
                .job("n1"), .job("l1", priority: .low), .job("h1", priority: .high), .job("n2"), .job("n3"),
                .job("h2", priority: .high), .job("l2", priority: .low),
            ],
            settings
        )
        #expect(order == ["h1", "h2", "n2", "n3"])
        #expect(try await self.bus.metrics().queues.dropped == 3)
    }

    private func orderOfRest(of messages: [Message], _ settings: HandlerSettings) async throws -> [String] {
        let log = self.log
        let subscription = try await self.bus.subscribe(to: "jobs", with: settings) { log.record($0.message.jobName) }
        try await subscription.pause()
        for message in messages { try await self.bus.publish(message) }
        try await subscription.resume()
        await self.bus.settled()
        return log.all
    }
}
