// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import CloudEvents
import OmnibusCore
import OmnibusInMemory
import OmnibusTesting
import Testing

extension ProviderSubscription {
    /// Receives so many deliveries, in as many calls as it takes.
    func take(_ count: Int) async throws -> [Delivery] {
        var taken: [Delivery] = []
        while taken.count < count {
            let more = try await self.receive(upTo: count - taken.count)
            guard !more.isEmpty else { break }
            taken += more
        }
        return taken
    }

    /// Receives so many messages, acknowledges them, and returns their numbers.
    func numbers(_ count: Int) async throws -> [Int] {
        let deliveries = try await self.take(count)
        for delivery in deliveries { try await delivery.ack() }
        return deliveries.map(\.message.number)
    }
}

@Suite("Reading retained topics", .timeLimit(.minutes(5)))
struct LogReadingTests {
    let clock: ManualClock
    let broker: InMemoryBroker

    init() {
        let manual = BusEnvironment.manual()
        self.clock = manual.clock
        self.broker = InMemoryBroker(environment: manual.environment)
    }

    private func publish(_ numbers: Range<Int>, to topic: Topic) async throws {
        for number in numbers { try await self.broker.publish(.number(number, to: topic)) }
    }

    private func waiting(_ subscription: any ProviderSubscription) async throws -> Int? {
        try await self.broker.info(of: subscription.id)?.waiting
    }

    // MARK: Where to start

    @Test("begins at the latest message unless told otherwise, and misses nothing after that")
    func latest() async throws {
        _ = try await self.broker.createTopic("a", .retained())
        try await self.publish(0..<5, to: "a")
        let plain = try await self.broker.subscribe(to: "a", SubscriptionSettings())
        let named = try await self.broker.subscribe(to: "a", SubscriptionSettings(group: "g"))
        try await self.publish(5..<8, to: "a")

        #expect(try await plain.numbers(3) == [5, 6, 7])
        #expect(try await named.numbers(3) == [5, 6, 7])
        #expect(try await self.waiting(plain) == 0)
    }

    @Test("begins at the earliest message that is kept, and goes on with what comes")
    func earliest() async throws {
        _ = try await self.broker.createTopic("a", .retained(Retention(maximumCount: 3)))
        try await self.publish(0..<5, to: "a")
        let subscription = try await self.broker.subscribe(to: "a", SubscriptionSettings(start: .earliest))
        #expect(try await self.waiting(subscription) == 3)

        let first = try await subscription.take(3)
        #expect(first.map(\.message.number) == [2, 3, 4])
        #expect(first.map(\.position?.offset) == [2, 3, 4])
        #expect(first.map(\.missed) == [0, 0, 0])
        try await self.publish(5..<6, to: "a")
        #expect(try await subscription.numbers(1) == [5])
    }

    @Test("begins at an offset, and says what lay between it and what is kept")
    func offset() async throws {
        _ = try await self.broker.createTopic("a", .retained(Retention(maximumCount: 4)))
        try await self.publish(0..<10, to: "a")

        let kept = try await self.broker.subscribe(to: "a", SubscriptionSettings(start: .offset(8)))
        #expect(try await kept.take(2).map(\.message.number) == [8, 9])
        let gone = try await self.broker.subscribe(to: "a", SubscriptionSettings(start: .offset(2)))
        let deliveries = try await gone.take(4)
        #expect(deliveries.map(\.message.number) == [6, 7, 8, 9])
        #expect(deliveries.map(\.missed) == [4, 0, 0, 0])
        let next = try await self.broker.subscribe(to: "a", SubscriptionSettings(start: .offset(10)))
        try await self.publish(10..<11, to: "a")
        #expect(try await next.numbers(1) == [10])
    }

    @Test("refuses an offset that means nothing, and says why")
    func refusesOffsets() async throws {
        _ = try await self.broker.createTopic("a", .retained())
        _ = try await self.broker.createTopic("b", .retained(partitions: 2))
        try await self.publish(0..<2, to: "a")

        for (pattern, offset) in [("a.*", 0), ("b", 0), ("a", 3), ("a", -1)] as [(TopicPattern, Int64)] {
            let error = await expectError(.invalidSettings) {
                _ = try await self.broker.subscribe(to: pattern, SubscriptionSettings(start: .offset(offset)))
            }
            #expect(error?.message.contains("\(offset)") == true)
        }
        #expect(try await self.broker.metrics().subscriptions == 0)
    }

    @Test("begins at a time, across topics")
    func time() async throws {
        _ = try await self.broker.createTopic("a", .retained())
        _ = try await self.broker.createTopic("b", .retained())
        for number in 0..<6 {
            try await self.publish(number..<number + 1, to: number.isMultiple(of: 2) ? "a" : "b")
            self.clock.advance(by: .seconds(1))
        }
        let start = self.clock.now

        let some = try await self.broker.subscribe(
            to: "*",
            SubscriptionSettings(start: .time(start - .seconds(3)))
        )
        #expect(try await some.numbers(3) == [3, 4, 5])
        let all = try await self.broker.subscribe(to: "*", SubscriptionSettings(start: .time(.earliest)))
        #expect(try await all.numbers(6) == [0, 1, 2, 3, 4, 5])
        let none = try await self.broker.subscribe(to: "*", SubscriptionSettings(start: .time(.latest)))
        #expect(try await self.waiting(none) == 0)
    }

    @Test("begins with the newest message of each topic, and then sees everything")
    func lastPerTopic() async throws {
        for name in ["a", "b", "c"] as [Topic] { _ = try await self.broker.createTopic(name, .retained()) }
        for (number, topic) in zip(0..<6, ["a", "b", "a", "b", "b", "a"] as [Topic]) {
            try await self.publish(number..<number + 1, to: topic)
        }

        let subscription = try await self.broker.subscribe(to: "*", SubscriptionSettings(start: .lastPerTopic))
        try await self.publish(6..<7, to: "c")
        try await self.publish(7..<8, to: "b")
        #expect(try await subscription.numbers(4) == [4, 5, 6, 7])
    }

    @Test("begins at the latest message of a topic that keeps none, whatever was asked for")
    func ephemeral() async throws {
        try await self.publish(0..<2, to: "a")
        for start: StartPosition in [.earliest, .offset(0), .time(.earliest), .lastPerTopic, .latest] {
            let subscription = try await self.broker.subscribe(to: "a", SubscriptionSettings(start: start))
            try await self.publish(2..<3, to: "a")
            #expect(try await subscription.numbers(1) == [2])
            await subscription.cancel()
        }
    }

    // MARK: Several topics

    @Test("sees several topics in the order in which they were published, and queues beside them")
    func wildcard() async throws {
        _ = try await self.broker.createTopic("log.a", .retained())
        _ = try await self.broker.createTopic("log.b", .retained(partitions: 3))
        let subscription = try await self.broker.subscribe(to: "#", SubscriptionSettings())
        for number in 0..<30 {
            let topic: Topic = ["log.a", "log.b", "queue"][number % 3]
            try await self.broker.publish(.number(number, to: topic, key: "k\(number)"))
        }

        let deliveries = try await subscription.take(30)
        let logged = deliveries.filter { $0.position != nil }.map(\.message.number)
        let queued = deliveries.filter { $0.position == nil }.map(\.message.number)
        #expect(logged == (0..<30).filter { $0 % 3 != 2 })
        #expect(queued == (0..<30).filter { $0 % 3 == 2 })
    }

    @Test("reads a topic from its beginning that is created while it listens")
    func seesNewTopics() async throws {
        let all = try await self.broker.subscribe(to: "a.#", SubscriptionSettings())
        let one = try await self.broker.subscribe(to: "a.b", SubscriptionSettings(group: "g"))
        try await self.publish(0..<2, to: "a.b")
        _ = try await self.broker.createTopic("a.b", .retained())
        try await self.publish(2..<4, to: "a.b")
        _ = try await self.broker.createTopic("a.c", .retained())
        try await self.publish(4..<5, to: "a.c")

        let first = try await all.take(5)
        #expect(first.filter { $0.position == nil }.map(\.message.number) == [0, 1])
        #expect(first.filter { $0.position != nil }.map(\.message.number) == [2, 3, 4])
        #expect(Set(try await one.numbers(4)) == [0, 1, 2, 3])
    }

    // MARK: Gaps

    @Test("says how many messages retention has removed before they were read, and counts them")
    func gap() async throws {
        _ = try await self.broker.createTopic("a", .retained(Retention(maximumCount: 5)))
        let subscription = try await self.broker.subscribe(to: "a", SubscriptionSettings())
        try await self.publish(0..<3, to: "a")
        #expect(try await subscription.numbers(3) == [0, 1, 2])
        try await self.publish(3..<20, to: "a")

        let deliveries = try await subscription.take(5)
        for delivery in deliveries { try await delivery.ack() }
        #expect(deliveries.map(\.message.number) == [15, 16, 17, 18, 19])
        #expect(deliveries.map(\.missed) == [12, 0, 0, 0, 0])
        let metrics = try await self.broker.metrics().queues
        #expect([metrics.offered, metrics.acknowledged, metrics.missed, metrics.pending] == [20, 8, 12, 0])
    }

    @Test("hands out what it has read ahead, though it is removed meanwhile")
    func readsAhead() async throws {
        _ = try await self.broker.createTopic("a", .retained(Retention(maximumCount: 5)))
        let subscription = try await self.broker.subscribe(to: "a", SubscriptionSettings())
        try await self.publish(0..<5, to: "a")
        #expect(try await subscription.numbers(1) == [0])
        try await self.publish(5..<12, to: "a")

        #expect(try await subscription.numbers(4) == [1, 2, 3, 4])
        let next = try await subscription.take(1)
        #expect(next.map(\.message.number) == [7])
        #expect(next.map(\.missed) == [2])
    }

    @Test("counts what lay unread in a topic that is deleted")
    func deletes() async throws {
        _ = try await self.broker.createTopic("a", .retained())
        let subscription = try await self.broker.subscribe(to: "a", SubscriptionSettings())
        try await self.publish(0..<3, to: "a")
        _ = try await self.broker.deleteTopic("a")
        _ = try await self.broker.createTopic("a", .retained())
        try await self.publish(3..<4, to: "a")

        let delivery = try #require(try await subscription.take(1).first)
        #expect(delivery.message.number == 3)
        #expect(delivery.position == Position(offset: 0))
        #expect(delivery.missed == 3)
    }

    @Test("passes over what its predicate does not want, and counts it")
    func filters() async throws {
        _ = try await self.broker.createTopic("a", .retained())
        try await self.publish(0..<6, to: "a")
        var settings = SubscriptionSettings(group: "g", start: .earliest)
        settings.predicate = MessagePredicate("even") { $0.number.isMultiple(of: 2) }
        let subscription = try await self.broker.subscribe(to: "a", settings)

        #expect(try await subscription.numbers(3) == [0, 2, 4])
        try await self.publish(6..<7, to: "a")
        #expect(try await subscription.numbers(1) == [6])
        let queues = try await self.broker.metrics().queues
        #expect([queues.offered, queues.acknowledged, queues.filtered, queues.pending] == [7, 4, 3, 0])
    }

    // MARK: Groups

    @Test("shares one stream within a group, each message going to one member")
    func group() async throws {
        _ = try await self.broker.createTopic("a", .retained())
        try await self.publish(0..<10, to: "a")
        let one = try await self.broker.subscribe(to: "a", SubscriptionSettings(group: "g", start: .earliest))
        let two = try await self.broker.subscribe(to: "a", SubscriptionSettings(group: "g", start: .latest))

        let first = try await one.numbers(4)
        let second = try await two.numbers(6)
        #expect(first == [0, 1, 2, 3])
        #expect(second == [4, 5, 6, 7, 8, 9])
    }

    @Test("goes on where the group had got to, whatever start is asked for")
    func resumes() async throws {
        _ = try await self.broker.createTopic("a", .retained())
        try await self.publish(0..<4, to: "a")
        let settings = SubscriptionSettings(group: "g", start: .earliest)
        let first = try await self.broker.subscribe(to: "a", settings)
        let taken = try await first.take(4)
        // Settled out of order: 1 is not, and comes again.
        for index in [0, 3, 2] { try await taken[index].ack() }
        await first.cancel()
        try await self.publish(4..<6, to: "a")

        let second = try await self.broker.subscribe(to: "a", settings)
        #expect(try await second.numbers(3) == [1, 4, 5])
        await second.cancel()
        let third = try await self.broker.subscribe(to: "a", SubscriptionSettings(group: "g"))
        try await self.publish(6..<7, to: "a")
        #expect(try await third.numbers(1) == [6])
        let metrics = try await self.broker.metrics().queues
        #expect([metrics.offered, metrics.acknowledged, metrics.abandoned, metrics.pending] == [7, 7, 0, 0])
    }

    @Test("does not repeat what a handler finished after the group's last member had gone")
    func settlesLate() async throws {
        _ = try await self.broker.createTopic("a", .retained())
        try await self.publish(0..<3, to: "a")
        let settings = SubscriptionSettings(group: "g", start: .earliest)
        let first = try await self.broker.subscribe(to: "a", settings)
        let taken = try await first.take(2)
        // The subscription ends in the middle of both handlers, of which one goes on to its end.
        try await self.broker.unsubscribe(first.id)
        try await taken[1].ack()

        let second = try await self.broker.subscribe(to: "a", settings)
        #expect(try await second.numbers(2) == [0, 2])
    }

    @Test("tells a group what was removed while it had no members")
    func missesWhileAway() async throws {
        _ = try await self.broker.createTopic("a", .retained(Retention(maximumCount: 4)))
        try await self.publish(0..<4, to: "a")
        let settings = SubscriptionSettings(group: "g", start: .earliest)
        let first = try await self.broker.subscribe(to: "a", settings)
        let taken = try await first.take(3)
        for index in [0, 2] { try await taken[index].ack() }
        await first.cancel()
        // 1 was handed out and not settled, 3 was read ahead; 4 and 5 were never read.
        try await self.publish(4..<10, to: "a")

        let second = try await self.broker.subscribe(to: "a", settings)
        let deliveries = try await second.take(4)
        #expect(deliveries.map(\.message.number) == [6, 7, 8, 9])
        #expect(deliveries.map(\.missed).reduce(0, +) == 4)
    }

    @Test("forgets a group when it is told to, but none that has members")
    func deletesGroups() async throws {
        _ = try await self.broker.createTopic("a", .retained())
        try await self.publish(0..<3, to: "a")
        let settings = SubscriptionSettings(group: "g", start: .earliest)
        let first = try await self.broker.subscribe(to: "a", settings)
        #expect(try await first.numbers(2) == [0, 1])
        await expectError(.invalidSettings) { _ = try await self.broker.deleteGroup("g", of: "a") }
        await first.cancel()

        #expect(try await self.broker.deleteGroup("g", of: "a"))
        #expect(try await !self.broker.deleteGroup("g", of: "a"))
        let second = try await self.broker.subscribe(to: "a", settings)
        #expect(try await second.numbers(3) == [0, 1, 2])
    }

    // MARK: Failing

    @Test("lets others pass a message that waits for its retry")
    func retries() async throws {
        _ = try await self.broker.createTopic("a", .retained())
        try await self.publish(0..<3, to: "a")
        let subscription = try await self.broker.subscribe(to: "a", SubscriptionSettings(start: .earliest))

        try await subscription.take(1)[0].nack(after: .seconds(5))
        #expect(try await subscription.numbers(2) == [1, 2])
        self.clock.advance(by: .seconds(5))
        let again = try await subscription.take(1)[0]
        #expect([again.message.number, again.attempt] == [0, 2])
        try await again.ack()
        #expect(try await self.waiting(subscription) == 0)
    }

    @Test("remembers attempts and delays of a group that has no members")
    func remembersRetries() async throws {
        _ = try await self.broker.createTopic("a", .retained())
        try await self.publish(0..<4, to: "a")
        let settings = SubscriptionSettings(group: "g", start: .earliest, maximumAttempts: 5)
        let first = try await self.broker.subscribe(to: "a", settings)
        let taken = try await first.take(3)
        try await taken[0].nack(after: .seconds(10))
        try await taken[1].nack(after: .seconds(2))
        try await taken[2].ack()
        await first.cancel()
        self.clock.advance(by: .seconds(3))

        let second = try await self.broker.subscribe(to: "a", settings)
        let ready = try await second.take(2)
        #expect(ready.map(\.message.number) == [1, 3])
        #expect(ready.map(\.attempt) == [2, 1])
        for delivery in ready { try await delivery.ack() }
        self.clock.advance(by: .seconds(7))
        let last = try await second.take(1)
        #expect(last.map(\.message.number) == [0])
        #expect(last.map(\.attempt) == [2])
    }

    @Test("reads no further while as many wait for their retry as the queue's bound allows")
    func boundsRetries() async throws {
        _ = try await self.broker.createTopic("a", .retained())
        try await self.publish(0..<20, to: "a")
        let settings = SubscriptionSettings(start: .earliest, bounds: QueueBounds(count: 4))
        let subscription = try await self.broker.subscribe(to: "a", settings)

        var failed: [Delivery] = []
        for _ in 0..<4 {
            let delivery = try await subscription.take(1)[0]
            failed.append(delivery)
            try await delivery.nack(after: .seconds(1))
        }
        // What had been read ahead by then is still handed out; how much that is, the bound limits.
        let info = try #require(try await self.broker.info(of: subscription.id))
        #expect(info.waiting == 20)
        let queues = try await self.broker.metrics().queues
        #expect(queues.offered <= 8)
        self.clock.advance(by: .seconds(1))
        var seen: Set<Int> = []
        for _ in 0..<20 {
            let delivery = try await subscription.take(1)[0]
            seen.insert(delivery.message.number)
            try await delivery.ack()
        }
        #expect(seen == Set(0..<20))
    }

    @Test("gives up on a message without stopping, and hands it to its group again when it is redriven")
    func deadLetters() async throws {
        _ = try await self.broker.createTopic("a", .retained())
        try await self.publish(0..<3, to: "a")
        let settings = SubscriptionSettings(group: "g", start: .earliest, maximumAttempts: 1)
        let subscription = try await self.broker.subscribe(to: "a", settings)
        let dead = try await self.broker.subscribe(to: "omnibus.dead.a", SubscriptionSettings())

        try await subscription.take(1)[0].nack()
        #expect(try await subscription.numbers(2) == [1, 2])
        let letter = try #require(try await dead.take(1).first)
        try await self.broker.core.redrive(letter.message.id, to: .group, mayWait: false)
        #expect(try await subscription.numbers(1) == [0])
        await subscription.cancel()
        let next = try await self.broker.subscribe(to: "a", settings)
        #expect(try await self.waiting(next) == 0)
    }

    @Test("gives back what a member that leaves holds, first of all")
    func givesBack() async throws {
        _ = try await self.broker.createTopic("a", .retained())
        try await self.publish(0..<4, to: "a")
        let settings = SubscriptionSettings(group: "g", start: .earliest)
        let one = try await self.broker.subscribe(to: "a", settings)
        let two = try await self.broker.subscribe(to: "a", settings)
        _ = try await one.take(2)
        await one.cancel()

        let deliveries = try await two.take(4)
        #expect(deliveries.map(\.message.number) == [0, 1, 2, 3])
        #expect(deliveries.map(\.attempt) == [1, 1, 1, 1])
    }

    // MARK: Going on elsewhere

    @Test("goes back and forth when it is told to, dropping what it has read ahead")
    func seeks() async throws {
        _ = try await self.broker.createTopic("a", .retained())
        try await self.publish(0..<10, to: "a")
        let settings = SubscriptionSettings(group: "g", start: .earliest)
        let subscription = try await self.broker.subscribe(to: "a", settings)
        #expect(try await subscription.numbers(5) == [0, 1, 2, 3, 4])

        try await self.broker.seek(subscription.id, to: .offset(2))
        #expect(try await subscription.numbers(3) == [2, 3, 4])
        try await self.broker.seek(subscription.id, to: .latest)
        try await self.publish(10..<11, to: "a")
        #expect(try await subscription.numbers(1) == [10])
        try await self.broker.seek(subscription.id, to: .earliest)
        #expect(try await subscription.numbers(11) == Array(0..<11))
        let queues = try await self.broker.metrics().queues
        #expect([queues.offered, queues.acknowledged, queues.pending] == [20, 20, 0])

        await subscription.cancel()
        let next = try await self.broker.subscribe(to: "a", settings)
        #expect(try await self.waiting(next) == 0)
    }

    @Test("goes on with what was begun, though it is told to go on elsewhere")
    func seeksDuringHandling() async throws {
        _ = try await self.broker.createTopic("a", .retained())
        try await self.publish(0..<6, to: "a")
        let subscription = try await self.broker.subscribe(to: "a", SubscriptionSettings(start: .earliest))
        let taken = try await subscription.take(3)
        try await taken[0].nack(after: .seconds(1))

        try await self.broker.seek(subscription.id, to: .offset(5))
        // In the middle of its handler when the subscription went elsewhere.
        try await taken[1].nack()
        try await taken[2].ack()
        #expect(try await subscription.numbers(2).sorted() == [1, 5])
        self.clock.advance(by: .seconds(1))
        #expect(try await subscription.numbers(1) == [0])
    }

    @Test("refuses to go to an offset that means nothing, and to nowhere")
    func refusesSeeking() async throws {
        _ = try await self.broker.createTopic("a", .retained())
        try await self.publish(0..<3, to: "a")
        let subscription = try await self.broker.subscribe(to: "a", SubscriptionSettings(start: .earliest))

        await expectError(.invalidSettings) { try await self.broker.seek(subscription.id, to: .offset(4)) }
        #expect(try await subscription.numbers(3) == [0, 1, 2])
        await subscription.cancel()
        await expectError(.unknownSubscription) { try await self.broker.seek(subscription.id, to: .earliest) }
    }

    // MARK: Pausing, ageing

    @Test("keeps its place while it is paused")
    func pauses() async throws {
        _ = try await self.broker.createTopic("a", .retained())
        let subscription = try await self.broker.subscribe(to: "a", SubscriptionSettings())
        try await self.broker.pause(subscription.id)
        try await self.publish(0..<3, to: "a")
        #expect(try await self.waiting(subscription) == 3)

        try await self.broker.resume(subscription.id)
        #expect(try await subscription.numbers(3) == [0, 1, 2])
    }

    @Test("does not hand out what has become too old, and says that it was missed")
    func ages() async throws {
        _ = try await self.broker.createTopic("a", .retained(Retention(maximumAge: .seconds(10))))
        let subscription = try await self.broker.subscribe(to: "a", SubscriptionSettings())
        try await self.publish(0..<3, to: "a")
        self.clock.advance(by: .seconds(6))
        try await self.publish(3..<5, to: "a")
        self.clock.advance(by: .seconds(4))

        let deliveries = try await subscription.take(2)
        #expect(deliveries.map(\.message.number) == [3, 4])
        #expect(deliveries.map(\.missed) == [3, 0])
    }

    @Test("never makes a publisher wait, however slow it is")
    func neverHoldsUp() async throws {
        _ = try await self.broker.createTopic("a", .retained())
        let settings = SubscriptionSettings(bounds: QueueBounds(count: 1), overflow: .reject)
        let slow = try await self.broker.subscribe(to: "#", settings)
        let taken = try await slow.take(0)
        #expect(taken.isEmpty)

        try await self.publish(0..<1_000, to: "a")
        #expect(try await self.waiting(slow) == 1_000)
        // What it reads is in nobody's way on topics that have a queue.
        #expect(try await slow.numbers(2) == [0, 1])
        try await self.broker.publish(.number(-2, to: "queue"))
        await expectError(.overflow) { try await self.broker.publish(.number(-3, to: "queue")) }
        #expect(try await self.broker.metrics().queues.dropped == 0)
    }
}
