// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Synchronization
import Testing

/// An event whose payload is counted while it is alive, and lies in memory of its own.
private struct Load: Event {
    static let topic: Topic = "stress.load"

    final class Token: Codable, Sendable {
        static let alive = Atomic<Int>(0)
        let text: String

        init(_ number: Int) {
            self.text = "a text that is too long to lie within the value itself: \(number)"
            Self.alive.wrappingAdd(1, ordering: .relaxed)
        }

        init(from decoder: any Decoder) throws {
            self.text = try decoder.singleValueContainer().decode(String.self)
            Self.alive.wrappingAdd(1, ordering: .relaxed)
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            try container.encode(self.text)
        }

        deinit { Self.alive.wrappingSubtract(1, ordering: .relaxed) }
    }

    var publisher: Int
    var number: Int
    var token: Token

    init(publisher: Int, number: Int) {
        self.publisher = publisher
        self.number = number
        self.token = Token(number)
    }

    var identity: [Int] { [self.publisher, self.number] }
    /// Every other one has a key, in memory of its own.
    var eventKey: String? { self.number % 2 == 0 ? "the key of publisher \(self.publisher)" : nil }
}

@Suite("Lane stress", .serialized, .timeLimit(.minutes(2)))
struct LaneStressTests {
    static let perPublisher = 400

    @Test(
        "loses nothing, doubles nothing and leaks nothing while everything happens at once",
        arguments: [UInt64](1...4)
    )
    func everythingAtOnce(seed: UInt64) async throws {
        let random = SeededRandom(seed: seed)
        let comment = Comment(rawValue: "\(random)")
        do {
            let settings = BusSettings(failurePolicy: .retry(.none, attempts: 10), bounds: QueueBounds(count: 64))
            let bus = EventBus(settings: settings)
            let handled = EventRecorder<[Int]>()
            let inOrder = EventRecorder<[Int]>()
            try await bus.subscribe(to: Load.self) { inOrder.record($0.identity) }
            try await bus.subscribe(to: Load.self, group: "g") { try Self.handle($0, random, handled) }
            try await bus.subscribe(to: Load.self, group: "g", with: HandlerSettings(concurrency: 2)) { load, _ in
                try Self.handle(load, random, handled)
            }

            try await withThrowingTaskGroup(of: Void.self) { group in
                for publisher in 0..<4 { group.addTask { try await Self.publish(publisher, bus, random) } }
                group.addTask { try await Self.comeAndGo(bus, random, handled) }
                try await group.waitForAll()
            }
            await bus.settled()

            let all = (0..<4).flatMap { publisher in (0..<Self.perPublisher).map { [publisher, $0] } }
            #expect(handled.count == all.count, comment)
            #expect(Set(handled.all) == Set(all), comment)
            for publisher in 0..<4 {
                let numbers = inOrder.all.filter { $0[0] == publisher }.map { $0[1] }
                #expect(numbers == Array(0..<Self.perPublisher), comment)
            }
            let report = try await bus.shutdown()
            #expect(report.abandoned == 0, comment)
            let queues = try await bus.metrics().queues
            #expect(queues.offered == queues.acknowledged + queues.abandoned, comment)
        }
        // Whoever is about to let go of the last ones does it now; what leaks would keep this going until the limit.
        while Load.Token.alive.load(ordering: .relaxed) > 0, !Task.isCancelled { await Task.yield() }
        #expect(Load.Token.alive.load(ordering: .relaxed) == 0, comment)
    }

    private static func handle(_ load: Load, _ random: SeededRandom, _ handled: EventRecorder<[Int]>) throws {
        if random.next() % 20 == 0 { throw Broken() }
        handled.record(load.identity)
    }

    /// Publishes in order, in all the ways that keep it.
    private static func publish(_ publisher: Int, _ bus: EventBus, _ random: SeededRandom) async throws {
        let topicPublisher = try await bus.publisher(of: Load.self)
        for number in 0..<Self.perPublisher {
            let load = Load(publisher: publisher, number: number)
            switch random.next() % 4 {
            case 0: try await topicPublisher.publish(load)
            case 1: try await bus.publish(load, to: Load.topic)
            default: try await bus.publish(load)
            }
        }
    }

    /// Joins the group, handles some, pauses, and leaves again, in both ways to subscribe.
    private static func comeAndGo(_ bus: EventBus, _ random: SeededRandom, _ handled: EventRecorder<[Int]>) async throws
    {
        for round in 0..<30 {
            if round % 3 == 2 {
                let deliveries = try await bus.deliveries(of: "stress.load", group: "g")
                let isLeaving = Switch(isOn: false)
                let reader = Task {
                    for try await delivery in deliveries {
                        // What is in hand goes back, and is handled by somebody else.
                        if isLeaving.isOn { break }
                        handled.record(try delivery.message.payload.decode(as: Load.self, codec: JSONCodec()).identity)
                    }
                }
                for _ in 0..<Int(random.next() % 50) { await Task.yield() }
                isLeaving.turn(on: true)
                for _ in 0..<Int(random.next() % 5) { await Task.yield() }
                reader.cancel()
                _ = await reader.result
                continue
            }
            let member = try await bus.subscribe(to: Load.self, group: "g") { try Self.handle($0, random, handled) }
            for _ in 0..<Int(random.next() % 50) { await Task.yield() }
            try await member.pause()
            await Task.yield()
            if round % 2 == 0 { try await member.resume() }
            await member.cancel()
        }
    }
}
