// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Testing

@Suite("Snapshots of metrics", .timeLimit(.minutes(5)))
struct SnapshotTests {
    private let manual = ManualEnvironment(seed: 13)
    private var clock: ManualClock { self.manual.clock }

    private func makeBus(_ metrics: MetricsSettings = MetricsSettings()) -> EventBus {
        self.manual.makeBus(settings: BusSettings(metrics: metrics))
    }

    @Test("add up: what is listed by topic and by subscription is the whole")
    func addsUp() async throws {
        let bus = self.makeBus(MetricsSettings(seriesLimit: 3))
        var subscriptions: [Subscription] = []
        for number in 0..<6 {
            subscriptions.append(try await bus.subscribe(to: TopicPattern(validating: "t\(number).#")) { _ in })
        }
        subscriptions.append(try await bus.subscribe(to: "#", group: "all") { _ in })
        for number in 0..<8 {
            for _ in 0...number { try await bus.publish(number, to: Topic(validating: "t\(number).x")) }
        }
        await bus.settled()
        await subscriptions[0].cancel()
        await subscriptions[5].cancel()

        let snapshot = try await bus.metrics.snapshot()

        #expect(snapshot.bus == (try await bus.metrics()))
        #expect(snapshot.bus.published == 36)
        #expect(snapshot.topics.map { $0.topic?.description } == ["t0.x", "t1.x", "t2.x", nil])
        #expect(snapshot.topics.map(\.metrics.published) == [1, 2, 3, 30])
        #expect(snapshot.topics.map(\.metrics.subscriptions) == [1, 2, 2, 0])
        #expect(snapshot.subscriptions.count == 4)
        #expect(snapshot.subscriptions.last?.queue == nil)
        let sum = snapshot.subscriptions.reduce(into: QueueMetrics()) { $0 += $1.metrics }
        #expect(sum == snapshot.bus.queues)
        #expect(sum.acknowledged == 36 + 21)
        try await bus.shutdown()
    }

    @Test("never move a count from the others to an entry of its own, and count on when a queue has ended")
    func countsOnlyGrow() async throws {
        let bus = self.makeBus(MetricsSettings(seriesLimit: 1))
        let first = try await bus.subscribe(to: "a", group: "first") { _ in }
        let second = try await bus.subscribe(to: "a", group: "second") { _ in }
        try await bus.publish(1, to: "a")
        try await bus.publish(1, to: "b")
        await bus.settled()

        let before = try await bus.metrics.snapshot()
        #expect(before.subscriptions.map { $0.queue?.group } == ["first", nil])
        #expect(before.subscriptions.map(\.metrics.acknowledged) == [1, 1])
        #expect(before.topics.map { $0.topic?.description } == ["a", nil])
        await first.cancel()
        try await bus.publish(1, to: "a")
        await bus.settled()
        let after = try await bus.metrics.snapshot()

        // The place is free, but the second has been one of the others.
        #expect(after.subscriptions.map { $0.queue?.group } == [nil])
        #expect(after.subscriptions.map(\.metrics.acknowledged) == [3])
        await second.cancel()
        _ = try await bus.subscribe(to: "a", group: "third") { _ in }
        #expect((try await bus.metrics.snapshot()).subscriptions.map { $0.queue?.group } == ["third", nil])
        try await bus.shutdown()
    }

    @Test("say how many messages wait, and how old the oldest is", arguments: [1, 2])
    func knowsLag(concurrency: Int) async throws {
        let bus = self.makeBus()
        let gate = Gate()
        let recorder = EventRecorder<Step>()
        try await bus.subscribe(to: Step.self, with: HandlerSettings(concurrency: concurrency)) { step in
            recorder.record(step)
            try await gate.pass()
        }
        for number in 0..<10 {
            try await bus.publish(Step(number: number))
            self.clock.advance(by: .seconds(1))
            if number == 0 { _ = try await recorder.next() }
        }
        if concurrency == 2 { _ = try await recorder.next() }
        self.clock.advance(by: .seconds(90))

        let snapshot = try await bus.metrics.snapshot()

        // Whoever handles something does not wait: of ten, those that are begun have left the queue.
        #expect(snapshot.lag == MessageLag(messages: 10 - concurrency, age: .seconds(100 - concurrency)))
        #expect(snapshot.subscriptions.first?.lag == snapshot.lag)
        gate.open()
        await bus.settled()
        #expect((try await bus.metrics.snapshot()).lag == MessageLag())
        try await bus.shutdown()
    }

    @Test("count what waits for its retry, behind a key, and what a reader has not read of a history")
    func knowsOtherLags() async throws {
        let broker = InMemoryBroker(environment: self.manual.environment)
        let bus = EventBus(provider: broker, environment: self.manual.environment)
        try await bus.subscribe(
            to: "retried",
            with: HandlerSettings(failurePolicy: .retry(.fixed([], then: .seconds(60)), attempts: 3))
        ) { _ in throw Broken() }
        try await bus.publish(Message(topic: "retried", key: "k", payload: 1))
        await bus.settled()
        self.clock.advance(by: .seconds(5))
        // Behind the key of the first one.
        try await bus.publish(Message(topic: "retried", key: "k", payload: 2))
        await bus.settled()
        self.clock.advance(by: .seconds(5))

        #expect((try await bus.metrics.snapshot()).lag == MessageLag(messages: 2, age: .seconds(10)))

        let gate = Gate()
        let begun = EventRecorder<Delivery>()
        _ = try await broker.createTopic("kept", .retained())
        for number in 0..<20 { try await bus.publish(number, to: "kept") }
        self.clock.advance(by: .seconds(1))
        let reader = try await bus.subscribe(
            to: "kept",
            from: .earliest,
            with: HandlerSettings(bounds: QueueBounds(count: 2))
        ) { delivery in
            begun.record(delivery)
            try await gate.pass()
        }
        _ = try await begun.next()
        let lag = try await bus.metrics.snapshot().subscriptions.first { $0.subscription == reader.id }?.lag

        #expect(lag == MessageLag(messages: 19, age: .seconds(1)))
        gate.open()
        try await bus.shutdown(deadline: .zero)
    }

    @Test("measure no latency unless told to")
    func measuresNothing() async throws {
        let bus = self.makeBus()
        try await bus.subscribe(to: Step.self) { _ in }
        try await bus.publish(Step(number: 1))
        await bus.settled()

        let snapshot = try await bus.metrics.snapshot()

        #expect(snapshot.latency == nil)
        #expect(snapshot.topics.allSatisfy { $0.latency == nil })
        #expect(snapshot.subscriptions.allSatisfy { $0.latency == nil })
        #expect(snapshot.events.averageDeliveryTime == nil)
        #expect(!snapshot.prometheusText.contains("duration_seconds"))
        try await bus.shutdown()
    }

    @Test("tell how much there was in a second by the time in which it was counted, whichever bus is asked")
    func throughputOfProvider() async throws {
        let manual = ManualEnvironment(seed: 93)
        let broker = InMemoryBroker(environment: manual.environment)
        let first = EventBus(provider: broker, environment: manual.environment)
        for number in 0..<100 { try await first.publish(Step(number: number)) }
        manual.clock.advance(by: .seconds(10))
        let second = EventBus(provider: broker, environment: manual.environment)
        manual.clock.advance(by: .seconds(10))
        for bus in [first, second] {
            let snapshot = try await bus.metrics.snapshot()
            #expect(snapshot.uptime == .seconds(20))
            #expect(snapshot.throughput.published == 5)
        }
    }

    @Test("know how much was published and handled in a second")
    func knowsThroughput() async throws {
        let bus = self.makeBus()
        try await bus.subscribe(to: Step.self) { step in
            if step.number % 10 == 0 { throw Broken() }
        }
        for number in 0..<100 { try await bus.publish(Step(number: number)) }
        await bus.settled()
        self.clock.advance(by: .seconds(10))
        let first = try await bus.metrics.snapshot()
        for number in 1..<6 { try await bus.publish(Step(number: number)) }
        await bus.settled()
        self.clock.advance(by: .seconds(10))
        let second = try await bus.metrics.snapshot()

        #expect(first.throughput == Throughput(published: 100, delivered: 90, failed: 0, over: .seconds(10)))
        #expect(second.throughput(since: first).published == 0.5)
        #expect(second.throughput(since: first).delivered == second.throughput(since: first).published)
        #expect(second.throughput(since: second) == Throughput(published: 0, delivered: 0, failed: 0, over: .zero))
        try await bus.shutdown(deadline: .zero)
    }
}
