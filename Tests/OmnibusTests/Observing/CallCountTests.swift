// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Testing

@Suite("Counting publish calls", .timeLimit(.minutes(5)))
struct CallCountTests {
    /// What a program that keeps a tally of its own calls says.
    private struct Tally: Equatable {
        var routed = 0
        var unrouted = 0
        var duplicate = 0
        var scheduled = 0
        var refused = 0
        var cancelled = 0

        var published: Int {
            self.routed + self.unrouted + self.duplicate + self.scheduled + self.refused + self.cancelled
        }

        init() {}

        init(_ metrics: BusMetrics) {
            self.routed = metrics.routed
            self.unrouted = metrics.unrouted
            self.duplicate = metrics.duplicate
            self.scheduled = metrics.scheduled
            self.refused = metrics.refused
            self.cancelled = metrics.cancelled
        }

        mutating func add(_ result: Result<PublishReceipt, any Error>) {
            switch result {
            case .success(let receipt) where receipt.isDuplicate: self.duplicate += 1
            case .success(let receipt) where receipt.matched == 0: self.unrouted += 1
            case .success: self.routed += 1
            case .failure(let error as OmnibusError):
                switch error.code {
                case .partiallyAccepted: self.routed += 1
                case .cancelled: self.cancelled += 1
                // Calls on topics of the system, and messages that are none, are no calls.
                case .invalidTopic, .invalidMessage: break
                default: self.refused += 1
                }
            case .failure: break
            }
        }

        var isPlausible: Bool {
            [self.routed, self.unrouted, self.duplicate, self.scheduled, self.refused, self.cancelled]
                .allSatisfy { $0 >= 0 }
        }
    }

    private func makeBus(_ manual: ManualEnvironment) async throws -> EventBus {
        let limits = InMemoryBroker.Limits(
            maximumMessageSize: 1_000,
            scheduledMessages: 6,
            deduplication: DeduplicationWindow(time: .seconds(5), count: 10)
        )
        let bus = EventBus(
            provider: InMemoryBroker(environment: manual.environment, limits: limits),
            environment: manual.environment,
            settings: BusSettings(failurePolicy: .threeTimes)
        )
        try await bus.subscribe(to: Step.self, group: "flaky") { if $0.number % 9 == 0 { throw Broken() } }
        try await bus.subscribe(to: Step.self, where: { $0.number % 2 == 0 }) { _ in }
        let rejecting = HandlerSettings(bounds: QueueBounds(count: 3), overflow: .reject)
        try await bus.subscribe(to: "job.#", with: rejecting) { _ in }.pause()
        try await bus.subscribe(to: "full", with: rejecting) { _ in }.pause()
        try await bus.subscribe(to: "only", with: HandlerSettings(predicate: MessagePredicate("none") { _ in false })) {
            _ in
        }
        try bus.tap { _ in }
        _ = try await bus.provider.createTopic("deleted", TopicConfiguration())
        _ = try await bus.provider.deleteTopic("deleted")
        return bus
    }

    private func result(_ body: () async throws -> PublishReceipt) async -> Result<PublishReceipt, any Error> {
        do { return .success(try await body()) } catch { return .failure(error) }
    }

    private func publishSomething(
        _ bus: EventBus,
        _ number: Int,
        _ random: SeededRandom
    ) async -> Result<PublishReceipt, any Error> {
        await self.result {
            switch random.next() % 9 {
            case 0: return try await bus.publish(Step(number: number))
            case 1: return try await bus.publish(Message(topic: "nobody", payload: 1))
            case 2: return try await bus.publish(1, to: "full")
            case 3: return try await bus.publish(bytes: Array(repeating: 0, count: 2_000), to: Step.topic)
            case 4: return try await bus.publish(1, to: "deleted")
            case 5: return try await bus.publish(Message(topic: "omnibus.mine", payload: 1))
            case 6: return try await bus.publish(1, to: "only")
            default:
                let id = MessageID.derived(from: .unassigned, "\(random.next() % 15)")
                return try await bus.publish(StepDone(number: number), id: id)
            }
        }
    }

    @Test("agrees with a program's own tally, whatever happens", arguments: [UInt64](1...12))
    func agrees(seed: UInt64) async throws {
        let manual = ManualEnvironment(seed: seed)
        let bus = try await self.makeBus(manual)
        let random = SeededRandom(seed: seed &* 31)
        let comment = Comment(rawValue: "\(manual)")
        var tally = Tally()
        var waiting: [(message: ScheduledMessage, isHeard: Bool)] = []
        for number in 0..<300 {
            switch random.next() % 8 {
            case 0:
                let isHeard = random.next() % 2 == 0
                let topic: Topic = isHeard ? "job.late" : "nobody"
                do {
                    let delay = Duration.seconds(1 + Int(random.next() % 4))
                    waiting.append((try await bus.publish(number, to: topic, after: delay), isHeard))
                    tally.scheduled += 1
                } catch {
                    tally.refused += 1
                }
            case 1:
                guard !waiting.isEmpty else { continue }
                let index = Int(random.next() % UInt64(waiting.count))
                if try await waiting.remove(at: index).message.cancel() {
                    tally.scheduled -= 1
                    tally.cancelled += 1
                }
            case 2:
                manual.clock.advance(by: .milliseconds(500))
                let due = waiting.filter { $0.message.due <= manual.clock.now }
                waiting.removeAll { $0.message.due <= manual.clock.now }
                tally.scheduled -= due.count
                // "job.#" takes what was accepted before, full as it is.
                tally.routed += due.count { $0.isHeard }
                tally.unrouted += due.count { !$0.isHeard }
            default:
                tally.add(await self.publishSomething(bus, number, random))
            }
            guard number % 10 == 0 else { continue }
            let metrics = try await bus.metrics()
            #expect(Tally(metrics) == tally, comment)
            #expect(metrics.published == tally.published, comment)
        }
        try await bus.shutdown(deadline: .zero)
        tally.cancelled += tally.scheduled
        tally.scheduled = 0
        let metrics = try await bus.metrics()
        #expect(Tally(metrics) == tally, comment)
        #expect(metrics.published == tally.published, comment)
        #expect(metrics.queues.balance == 0, comment)
    }

    @Test("adds up while many publish at once", arguments: [UInt64](1...4))
    func addsUp(seed: UInt64) async throws {
        let manual = ManualEnvironment(seed: seed)
        let bus = try await self.makeBus(manual)
        let results = await withTaskGroup(of: [Result<PublishReceipt, any Error>].self) { group in
            for publisher in 0..<4 {
                let random = SeededRandom(seed: seed &* 100 &+ UInt64(publisher))
                group.addTask {
                    var results: [Result<PublishReceipt, any Error>] = []
                    for number in 0..<200 {
                        results.append(await self.publishSomething(bus, number, random))
                        guard number % 20 == 0, let metrics = try? await bus.metrics() else { continue }
                        let tally = Tally(metrics)
                        #expect(tally.isPlausible, "\(manual): \(metrics)")
                        #expect(metrics.published == tally.published, "\(manual): \(metrics)")
                    }
                    return results
                }
            }
            return await group.reduce(into: []) { $0 += $1 }
        }
        var tally = Tally()
        for result in results { tally.add(result) }

        #expect(try await Tally(bus.metrics()) == tally, "\(manual)")
        try await bus.shutdown(deadline: .zero)
    }

    @Test("leaves out a call that waits for room until it is known what becomes of it")
    func countsOutcomes() async throws {
        let manual = ManualEnvironment(seed: 3)
        let bus = manual.makeBus()
        let settings = HandlerSettings(bounds: QueueBounds(count: 1), overflow: .suspend(atMost: .seconds(5)))
        let subscription = try await bus.subscribe(to: Step.self, with: settings) { _ in }
        try await subscription.pause()
        try await bus.publish(Step(number: 0))
        let publishers = (1...3).map { number in Task { try await bus.publish(Step(number: number)) } }
        await bus.suspendedPublishers(3)
        #expect(try await bus.metrics().published == 1)

        publishers[0].cancel()
        await expectError(.cancelled) { _ = try await publishers[0].value }
        manual.clock.advance(by: .seconds(5))
        for publisher in publishers.dropFirst() { await expectError(.overflow) { _ = try await publisher.value } }
        let last = Task { try await bus.publish(Step(number: 4)) }
        await bus.suspendedPublishers(1)
        await subscription.cancel()
        #expect(try await last.value.matched == 0)
        let metrics = try await bus.metrics()
        #expect([metrics.published, metrics.routed, metrics.unrouted] == [5, 1, 1])
        #expect([metrics.refused, metrics.cancelled] == [2, 1])
    }

    @Test("leaves out requests' answers, and what the system says of itself")
    func leavesOutReplies() async throws {
        let bus = EventBus(settings: BusSettings(failurePolicy: .noRetry))
        try await bus.respond(to: "double", as: Int.self) { $0 * 2 }
        try await bus.subscribe(to: Step.self) { _ in throw Broken() }
        #expect(try await bus.request(4, to: "double", as: Int.self) == 8)
        try await bus.publish(Step(number: 1))
        await bus.settled()

        let metrics = try await bus.metrics()
        #expect([metrics.published, metrics.routed, metrics.unrouted] == [2, 2, 0])
    }
}
