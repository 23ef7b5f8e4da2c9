// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Testing

@Suite("Retained topics on a bus", .timeLimit(.minutes(2)))
struct RetainedTopicTests {
    let manual = ManualEnvironment(seed: 12)
    let broker: InMemoryBroker
    let bus: EventBus

    init() {
        self.broker = InMemoryBroker(environment: self.manual.environment)
        self.bus = EventBus(
            provider: self.broker,
            environment: self.manual.environment,
            settings: BusSettings(failurePolicy: .threeTimes)
        )
    }

    private func create(_ topic: Topic, _ retention: Retention = Retention()) async throws {
        _ = try await self.broker.createTopic(topic, .retained(retention))
    }

    // MARK: Catching up

    @Test(
        "are caught up with and then followed live, without loss and without repeat",
        arguments: 1...8 as ClosedRange<UInt64>
    )
    func catchesUp(seed: UInt64) async throws {
        var random = SeededRandom(seed: seed)
        let bus = EventBus()
        let broker = try #require(bus.provider as? InMemoryBroker)
        for name in ["log.a", "log.b", "log.c"] as [Topic] { _ = try await broker.createTopic(name, .retained()) }
        let publishers = 3
        let each = 400
        let before = Int.random(in: 0...each, using: &random)
        let concurrency = seed.isMultiple(of: 2) ? 1 : 3
        let read = EventRecorder<(publisher: Int, number: Int)>()

        @Sendable func publish(_ publisher: Int, _ numbers: Range<Int>) async throws {
            for number in numbers {
                let topic: Topic = ["log.a", "log.b", "log.c"][(publisher + number) % 3]
                let payload: JSONValue = [
                    "publisher": .integer(Int64(publisher)), "number": .integer(Int64(number)),
                ]
                try await bus.publish(Message(topic: topic, payload: Payload(json: payload)))
            }
        }
        for publisher in 0..<publishers { try await publish(publisher, 0..<before) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for publisher in 0..<publishers { group.addTask { try await publish(publisher, before..<each) } }
            group.addTask {
                let settings = HandlerSettings(concurrency: concurrency)
                try await bus.subscribe(to: "log.*", from: .earliest, with: settings) { delivery in
                    let json = try delivery.message.payload.json()
                    guard case .integer(let publisher) = json["publisher"], case .integer(let number) = json["number"]
                    else { return }
                    read.record((Int(publisher), Int(number)))
                }
            }
            try await group.waitForAll()
        }
        await bus.settled()

        #expect(read.count == publishers * each, "seed \(seed)")
        for publisher in 0..<publishers {
            let numbers = read.all.filter { $0.publisher == publisher }.map(\.number)
            #expect((concurrency == 1 ? numbers : numbers.sorted()) == Array(0..<each), "seed \(seed)")
        }
        let queues = try await bus.metrics().queues
        #expect([queues.offered, queues.acknowledged, queues.pending] == [1_200, 1_200, 0], "seed \(seed)")
        try await bus.shutdown(deadline: .seconds(5))
    }

    @Test("keep one order for all who read them, while several publish", arguments: 1...4 as ClosedRange<UInt64>)
    func keepOneOrder(seed: UInt64) async throws {
        let bus = EventBus()
        let broker = try #require(bus.provider as? InMemoryBroker)
        for name in ["log.a", "log.b"] as [Topic] { _ = try await broker.createTopic(name, .retained()) }
        let early = EventRecorder<MessageID>()
        let late = EventRecorder<MessageID>()
        try await bus.subscribe(to: "#") { delivery in early.record(delivery.message.id) }

        try await withThrowingTaskGroup(of: Void.self) { group in
            for publisher in 0..<4 {
                group.addTask {
                    for number in 0..<200 {
                        let topic: Topic = (publisher + number).isMultiple(of: 2) ? "log.a" : "log.b"
                        try await bus.publish(Message(topic: topic, payload: ["number": 1]))
                    }
                }
            }
            try await group.waitForAll()
        }
        try await bus.subscribe(to: "log.#", from: .earliest) { delivery in late.record(delivery.message.id) }
        await bus.settled()

        #expect(early.count == 800)
        #expect(early.all == late.all)
        try await bus.shutdown(deadline: .seconds(5))
    }

    @Test(
        "lose nothing while a group's members come and go, and others publish",
        arguments: 1...6 as ClosedRange<UInt64>
    )
    func survivesMembers(seed: UInt64) async throws {
        var random = SeededRandom(seed: seed)
        let bus = EventBus()
        let broker = try #require(bus.provider as? InMemoryBroker)
        _ = try await broker.createTopic(Step.topic, .retained())
        let total = 600
        let seen = EventRecorder<Int>()
        let pauses = (0..<12).map { _ in Int.random(in: 0...60, using: &random) }

        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { for number in 0..<total { try await bus.publish(Step(number: number)) } }
            group.addTask {
                for pause in pauses {
                    let settings = HandlerSettings(concurrency: pause % 3 + 1)
                    let member = try await bus.subscribe(
                        to: Step.self,
                        group: "g",
                        from: .earliest,
                        with: settings
                    ) { step in seen.record(step.number) }
                    for _ in 0..<pause { await Task.yield() }
                    await member.cancel()
                }
            }
            try await group.waitForAll()
        }
        try await bus.subscribe(to: Step.self, group: "g") { step in seen.record(step.number) }
        await bus.settled()

        #expect(Set(seen.all) == Set(0..<total), "seed \(seed)")
        let queues = try await bus.metrics().queues
        #expect(queues.offered == queues.acknowledged, "seed \(seed)")
        #expect(queues.acknowledged == seen.count, "seed \(seed)")
        try await bus.shutdown(deadline: .seconds(5))
    }

    // MARK: Handlers

    @Test("hand events to handlers of events, as those were published")
    func handlesEvents() async throws {
        try await self.create(Step.topic)
        for number in 0..<3 {
            let receipt = try await self.bus.publish(Step(number: number))
            #expect(receipt.position == Position(offset: Int64(number)))
        }
        let steps = EventRecorder<Step>()
        try await self.bus.subscribe(to: Step.self, from: .earliest) { step in steps.record(step) }
        let publisher = try await self.bus.publisher(of: Step.self)
        try await publisher.publish(Step(number: 3))
        try self.bus.publishNow(Step(number: 4))

        await self.bus.settled()
        #expect(steps.all.map(\.number) == [0, 1, 2, 3, 4])
        try await self.bus.shutdown(deadline: .zero)
    }

    @Test("keep as many handlers busy as there are, from one backlog")
    func keepsHandlersBusy() async throws {
        try await self.create(Step.topic)
        for number in 0..<10 { try await self.bus.publish(Step(number: number)) }
        let gate = Gate()
        let settings = HandlerSettings(concurrency: 4)
        try await self.bus.subscribe(to: Step.self, from: .earliest, with: settings) { _ in try await gate.pass() }

        try await gate.arrivals(4)
        gate.open()
        await self.bus.settled()
        #expect(try await self.bus.metrics().queues.acknowledged == 10)

        // And from what comes in one go while they sleep.
        let again = Gate()
        try await self.bus.subscribe(to: Step.self, with: settings) { _ in try await again.pass() }
        for number in 0..<10 { try await self.bus.publish(Step(number: number)) }
        try await again.arrivals(4)
        again.open()
        await self.bus.settled()
        try await self.bus.shutdown(deadline: .zero)
    }

    @Test("keep the order of a key through retries, while other keys flow past")
    func keepsKeys() async throws {
        try await self.create(Job.topic)
        for (name, key) in [("a1", "a"), ("a2", "a"), ("b1", "b"), ("a3", "a"), ("b2", "b")] {
            try await self.bus.publish(Job(name, key: key))
        }
        let names = EventRecorder<String>()
        let settings = HandlerSettings(concurrency: 3)
        try await self.bus.subscribe(to: Job.self, from: .earliest, with: settings) { (job, delivery: Delivery) in
            if job.name == "a1", delivery.attempt == 1 { throw Broken() }
            names.record(job.name)
        }

        await self.bus.settled()
        #expect(names.all == ["b1", "b2"])
        self.manual.clock.advance(by: .seconds(1))
        await self.bus.settled()
        #expect(names.all == ["b1", "b2", "a1", "a2", "a3"])
        try await self.bus.shutdown(deadline: .zero)
    }

    @Test("keep a key's order when its group ends in the middle of a retry and comes back")
    func keepsKeysOfGroups() async throws {
        try await self.create(Job.topic)
        for (name, key) in [("a1", "a"), ("a2", "a"), ("b1", "b")] { try await self.bus.publish(Job(name, key: key)) }
        let names = EventRecorder<String>()
        let settings = HandlerSettings(concurrency: 2)
        let handler: @Sendable (Job, Delivery) async throws -> Void = { job, delivery in
            if job.name == "a1", delivery.attempt == 1 { throw Broken() }
            names.record("\(job.name):\(delivery.attempt)")
        }
        let first = try await self.bus.subscribe(
            to: Job.self,
            group: "g",
            from: .earliest,
            with: settings,
            handler: handler
        )
        await self.bus.settled()
        await first.cancel()
        try await self.bus.subscribe(to: Job.self, group: "g", with: settings, handler: handler)

        await self.bus.settled()
        #expect(names.all == ["b1:1"])
        self.manual.clock.advance(by: .seconds(1))
        await self.bus.settled()
        #expect(names.all == ["b1:1", "a1:2", "a2:1"])
        try await self.bus.shutdown(deadline: .zero)
    }

    @Test("stop as a whole through a retry in strict order")
    func strict() async throws {
        try await self.create(Step.topic)
        for number in 0..<3 { try await self.bus.publish(Step(number: number)) }
        let numbers = EventRecorder<Int>()
        let settings = HandlerSettings(concurrency: 2, ordering: .strict)
        try await self.bus.subscribe(to: Step.self, from: .earliest, with: settings) { (step, delivery: Delivery) in
            if step.number == 0, delivery.attempt == 1 { throw Broken() }
            numbers.record(step.number)
        }

        await self.bus.settled()
        #expect(numbers.count == 0)
        self.manual.clock.advance(by: .seconds(1))
        await self.bus.settled()
        #expect(numbers.all == [0, 1, 2])
        try await self.bus.shutdown(deadline: .zero)
    }

    @Test("hand the more urgent over first of what was read ahead")
    func priorities() async throws {
        try await self.create("jobs")
        for (name, priority) in [("low", Priority.low), ("normal", .normal), ("high", .high), ("critical", .critical)] {
            try await self.bus.publish(.job(name, priority: priority))
        }
        let names = EventRecorder<String>()
        try await self.bus.subscribe(to: "jobs", from: .earliest) { delivery in names.record(delivery.message.jobName) }

        await self.bus.settled()
        #expect(names.all == ["critical", "high", "normal", "low"])
        try await self.bus.shutdown(deadline: .zero)
    }

    @Test("take what their own handlers publish, and never hold one up")
    func publishInHandlers() async throws {
        try await self.create(Step.topic)
        let settings = HandlerSettings(bounds: QueueBounds(count: 1, cascade: 0), overflow: .reject)
        let numbers = EventRecorder<Int>()
        let bus = self.bus
        try await self.bus.subscribe(to: Step.self, with: settings) { step in
            numbers.record(step.number)
            guard step.number < 4 else { return }
            for _ in 0..<3 { try await bus.publish(Step(number: step.number + 1)) }
        }
        try await self.bus.publish(Step(number: 0))

        await self.bus.settled()
        #expect(numbers.count == 1 + 3 + 9 + 27 + 81)
        try await self.bus.shutdown(deadline: .zero)
    }

    // MARK: Failing

    @Test("give up after the last attempt and go on; what is redriven comes to its group alone")
    func redrives() async throws {
        try await self.create(Step.topic)
        for number in 0..<2 { try await self.bus.publish(Step(number: number)) }
        let broken = Switch()
        let numbers = EventRecorder<Int>()
        let others = EventRecorder<Int>()
        try await self.bus.subscribe(to: Step.self, group: "g", from: .earliest) { step in
            if step.number == 0, broken.isOn { throw Broken() }
            numbers.record(step.number)
        }
        try await self.bus.subscribe(to: Step.self, from: .earliest) { step in others.record(step.number) }
        await self.bus.settled()
        for _ in 0..<2 {
            self.manual.clock.advance(by: .seconds(1))
            await self.bus.settled()
        }
        #expect(numbers.all == [1])
        let letter = try #require(self.bus.deadLetters.list().first)
        #expect(letter.attempts.count == 3)

        broken.turn(on: false)
        try await self.bus.deadLetters.redrive(letter.id)
        await self.bus.settled()
        #expect(numbers.all == [1, 0])
        #expect(others.all == [0, 1])
        let queues = try await self.bus.metrics().queues
        #expect(queues.pending == 0)
        #expect(queues.offered == queues.acknowledged + queues.deadLettered)
        try await self.bus.shutdown(deadline: .zero)
    }

    // MARK: Gaps

    @Test("signal that retention has overtaken a reader, naming it and how much it has missed")
    func signalsGaps() async throws {
        try await self.create(Step.topic, Retention(maximumCount: 4))
        let gaps = EventRecorder<BusSignal>()
        self.bus.onSignal { signal in if signal.kind == .gap { gaps.record(signal) } }
        let missed = EventRecorder<Int>()
        let subscription = try await self.bus.subscribe(to: Step.self, group: "slow") { (_, delivery: Delivery) in
            missed.record(delivery.missed)
        }
        try await subscription.pause()
        for number in 0..<10 { try await self.bus.publish(Step(number: number)) }
        try await subscription.resume()

        await self.bus.settled()
        #expect(missed.all == [6, 0, 0, 0])
        #expect(gaps.all.map(\.count) == [6])
        #expect(gaps.all.first?.queue?.group == "slow")
        #expect(gaps.all.first?.queue?.callSite?.file.contains("RetainedTopicTests") == true)
        #expect(gaps.all.first?.topic == Step.topic)
        #expect(try await self.bus.metrics().queues.missed == 6)
        try await self.bus.shutdown(deadline: .zero)
    }

    // MARK: Sequences, seeking, expecting

    @Test("are read by sequences, which a group goes on with where one was left")
    func readBySequences() async throws {
        try await self.create(Step.topic)
        for number in 0..<5 { try await self.bus.publish(Step(number: number)) }
        func read(_ count: Int) async throws -> [Int64] {
            var offsets: [Int64] = []
            for try await delivery in try await self.bus.deliveries(of: "job.step", group: "g", from: .earliest) {
                offsets.append(delivery.position?.offset ?? -1)
                if offsets.count == count { break }
            }
            return offsets
        }

        #expect(try await read(2) == [0, 1])
        // Leaving the loop gives back the message in hand: it was not handled.
        #expect(try await read(3) == [1, 2, 3])
        #expect(try await read(2) == [3, 4])
        try await self.bus.shutdown(deadline: .zero)
    }

    @Test("are read again from elsewhere when a subscription is told to")
    func seeks() async throws {
        try await self.create(Step.topic)
        for number in 0..<4 { try await self.bus.publish(Step(number: number)) }
        let numbers = EventRecorder<Int>()
        let subscription = try await self.bus.subscribe(to: Step.self, from: .earliest) { numbers.record($0.number) }
        await self.bus.settled()

        try await subscription.seek(to: .offset(2))
        await self.bus.settled()
        #expect(numbers.all == [0, 1, 2, 3, 2, 3])
        await expectError(.invalidSettings) { try await subscription.seek(to: .offset(9)) }
        await subscription.cancel()
        await expectError(.unknownSubscription) { try await subscription.seek(to: .earliest) }
        try await self.bus.shutdown(deadline: .zero)
    }

    @Test("take an event on condition, whether middleware stands between or not", arguments: [false, true])
    func expects(hasMiddleware: Bool) async throws {
        var settings = BusSettings()
        if hasMiddleware { settings.publishMiddleware = [.around("pass") { message, next in try await next(message) }] }
        let bus = EventBus(provider: self.broker, environment: self.manual.environment, settings: settings)
        try await self.create(Step.topic)

        let first = try await bus.publish(Step(number: 0), expecting: .empty)
        try await bus.publish(Step(number: 1), expecting: .after(first.position))
        let error = await expectError(.sequenceMismatch) {
            try await bus.publish(Step(number: 2), expecting: .after(first.position))
        }
        #expect(error?.details as? SequenceMismatch == SequenceMismatch(expected: 1, actual: 2))
        try await bus.publish(["a": 1], to: Step.topic, expecting: .next(2))
        try await bus.publish(Message(topic: Step.topic, payload: ["a": 1]), expecting: .next(3))
        #expect(try await self.broker.info(of: Step.topic)?.history?.nextOffsets == [4])
        try await bus.shutdown(deadline: .zero)
    }

    @Test("are refused by name where the provider has none")
    func unsupported() async throws {
        let bus = EventBus(provider: PoorProvider())

        let expecting = await expectError(.unsupported) {
            try await bus.publish(Step(number: 0), expecting: .empty)
        }
        #expect(expecting?.details as? String == Capability.expectedSequence.rawValue)
        let subscription = try await bus.subscribe(to: Step.self) { _ in }
        let seeking = await expectError(.unsupported) { try await subscription.seek(to: .earliest) }
        #expect(seeking?.details as? String == Capability.startPositions.rawValue)
        await subscription.cancel()
        try await bus.shutdown(deadline: .zero)
    }

    @Test("let go of everything with the bus: no timer is left, and nobody sleeps")
    func leavesNothing() async throws {
        try await self.create(Step.topic, Retention(maximumAge: .seconds(60)))
        try await self.bus.subscribe(to: Step.self, group: "g") { _ in }
        try await self.bus.publish(Step(number: 0))
        await self.bus.settled()

        try await self.bus.shutdown(deadline: .zero)
        try await self.broker.disconnect()
        #expect(self.manual.clock.pendingTimers == 0)
    }
}
