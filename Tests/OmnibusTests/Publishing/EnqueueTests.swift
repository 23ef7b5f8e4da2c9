// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Testing

@testable import OmnibusCore

@Suite("Enqueueing", .timeLimit(.minutes(5)))
struct EnqueueTests {
    let manual = ManualEnvironment(seed: 21)
    let seen = EventRecorder<Int>()

    private func makeBus(enqueueBounds: QueueBounds = QueueBounds()) -> EventBus {
        self.manual.makeBus(settings: BusSettings(enqueueBounds: enqueueBounds))
    }

    @Test("tells of each that nobody had room for when the bus ended")
    func unpublished() async throws {
        let bus = self.makeBus()
        let told = EventRecorder<Topic?>()
        bus.onSignal { if $0.kind == .unpublished { told.record($0.topic) } }
        try await self.subscribe(bus)
        for number in 0..<10 { bus.emit(Step(number: number)) }
        await bus.suspendedPublishers(1)
        try await bus.shutdown(deadline: .zero)
        #expect(bus.failedEmissions == 8)
        try await told.expect(8)
        #expect(told.all == Array(repeating: Step.topic, count: 8))
    }

    /// A paused subscription with room for a few messages.
    @discardableResult
    private func subscribe(
        _ bus: EventBus,
        _ overflow: OverflowPolicy = .suspend(),
        count: Int = 2
    ) async throws -> Subscription {
        let seen = self.seen
        let settings = HandlerSettings(bounds: QueueBounds(count: count), overflow: overflow)
        let subscription = try await bus.subscribe(to: Step.self, with: settings) { seen.record($0.number) }
        try await subscription.pause()
        return subscription
    }

    @Test("publishes at once where there is room")
    func publishesAtOnce() async throws {
        let bus = self.makeBus()
        let steps = try await bus.recorder(of: Step.self)

        let receipt = try bus.enqueue(Step(number: 1))
        guard case .success(let accepted) = receipt.outcome else { Issue.record("not accepted"); return }
        #expect(accepted.matched == 1)
        #expect(try await receipt.value() == accepted)
        #expect(try await steps.expect(1) == [Step(number: 1)])
        #expect(!receipt.cancel())
        await bus.settled()
        #expect(bus.isIdle)
        try await bus.shutdown()
    }

    @Test("says at once that nobody listens, and what cannot be published")
    func refusesAtOnce() async throws {
        let bus = self.makeBus()

        #expect(try await bus.enqueue(Step(number: 1)).value().matched == 0)
        #expect(try await bus.enqueue("text", to: "some.topic").value().matched == 0)
        await expectError(.invalidTopic) { try bus.enqueue(Message(topic: "omnibus.x", payload: "a")) }
        var message = Message(topic: "a", payload: "b")
        message.timeToLive = .zero
        await expectError(.invalidMessage) { try bus.enqueue(message) }
        try await bus.shutdown()
        await expectError(.busClosed) { try bus.enqueue(Step(number: 2)) }
    }

    @Test("keeps the order of the calls while it waits for room, whatever they are made with")
    func keepsOrder() async throws {
        let bus = self.makeBus()
        let subscription = try await self.subscribe(bus)
        let publisher = try await bus.publisher(of: Step.self)

        var receipts: [PendingReceipt] = []
        for number in 0..<300 {
            switch number % 3 {
            case 0: receipts.append(try bus.enqueue(Step(number: number)))
            case 1: receipts.append(try publisher.enqueue(Step(number: number)))
            default: receipts.append(try bus.enqueue(Step(number: number), to: Step.topic))
            }
        }
        #expect(receipts[0].outcome != nil)
        #expect(receipts[299].outcome == nil)
        try await subscription.resume()
        try await bus.flush()
        for receipt in receipts { #expect(try await receipt.value().matched == 1) }
        await bus.settled()
        #expect(self.seen.all == Array(0..<300))
        try await bus.shutdown()
    }

    @Test("never suspends the caller, and throws beyond its bound")
    func isBounded() async throws {
        let bus = self.makeBus(enqueueBounds: QueueBounds(count: 3))
        let subscription = try await self.subscribe(bus, count: 1)

        // One is in the queue, one is offered, and three wait behind it.
        try bus.enqueue(Step(number: 0))
        try bus.enqueue(Step(number: 1))
        await bus.suspendedPublishers(1)
        for number in 2..<5 { try bus.enqueue(Step(number: number)) }
        let error = await expectError(.overflow) { try bus.enqueue(Step(number: 5)) }
        #expect(error?.message.contains("'flush()'") == true)
        #expect(error?.advice == .retry(after: nil))
        try await subscription.resume()
        try await bus.flush()
        await bus.settled()
        #expect(self.seen.all == Array(0..<5))
        try await bus.shutdown()
    }

    @Test("bounds the bytes that wait, but takes one message of any size")
    func boundsBytes() async throws {
        let bus = self.makeBus(enqueueBounds: QueueBounds(bytes: 1_000))
        let subscription = try await self.subscribe(bus, count: 1)
        try bus.enqueue(Step(number: 0))
        try bus.enqueue(Step(number: 1))
        await bus.suspendedPublishers(1)

        try bus.enqueue(Message(topic: "large", bytes: [UInt8](repeating: 0, count: 5_000)))
        await expectError(.overflow) { try bus.enqueue(Message(topic: "large", bytes: [1])) }
        try await subscription.resume()
        try await bus.flush()
        try await bus.shutdown()
    }

    @Test("tells with the receipt that there was no room in time, and goes on with the next")
    func timesOut() async throws {
        let bus = self.makeBus()
        let signals = EventRecorder<BusSignal.Kind>()
        bus.onSignal { signals.record($0.kind) }
        let subscription = try await self.subscribe(bus, .suspend(atMost: .seconds(1)), count: 1)
        try bus.enqueue(Step(number: 0))
        let late = try bus.enqueue(Step(number: 1))
        let next = try bus.enqueue(Step(number: 2))
        await bus.suspendedPublishers(1)
        try await self.manual.clock.timers(atLeast: 1)

        self.manual.clock.advance(by: .seconds(1))
        await expectError(.overflow) { _ = try await late.value() }
        await bus.suspendedPublishers(1)
        try await subscription.resume()
        #expect(try await next.value().matched == 1)
        await bus.settled()
        #expect(self.seen.all == [0, 2])
        #expect(signals.all.contains(.unpublished))
        try await bus.shutdown()
    }

    @Test("takes back what nobody has been offered, and nothing else")
    func takesBack() async throws {
        let bus = self.makeBus()
        let subscription = try await self.subscribe(bus, count: 1)
        let first = try bus.enqueue(Step(number: 0))
        let offered = try bus.enqueue(Step(number: 1))
        let waiting = try bus.enqueue(Step(number: 2))
        try bus.enqueue(Step(number: 3))

        #expect(!first.cancel())
        #expect(!offered.cancel())
        #expect(waiting.cancel())
        #expect(!waiting.cancel())
        await expectError(.cancelled) { _ = try await waiting.value() }
        try await subscription.resume()
        try await bus.flush()
        await bus.settled()
        #expect(self.seen.all == [0, 1, 3])
        try await bus.shutdown()
    }

    @Test("goes on with a message whose receipt nobody waits for any more")
    func outlivesItsWaiters() async throws {
        let bus = self.makeBus()
        let subscription = try await self.subscribe(bus, count: 1)
        try bus.enqueue(Step(number: 0))
        let receipt = try bus.enqueue(Step(number: 1))

        let waiter = Task { try await receipt.value() }
        let flusher = Task { try await bus.flush() }
        waiter.cancel()
        flusher.cancel()
        await expectError(.cancelled) { _ = try await waiter.value }
        await expectError(.cancelled) { try await flusher.value }
        try await subscription.resume()
        #expect(try await receipt.value().matched == 1)
        await bus.settled()
        #expect(self.seen.all == [0, 1])
        try await bus.shutdown()
    }

    @Test("publishes what was enqueued before a shutdown")
    func drains() async throws {
        let bus = self.makeBus()
        let subscription = try await self.subscribe(bus, count: 1)
        let receipts = try (0..<20).map { try bus.enqueue(Step(number: $0)) }

        let ending = Task { try await bus.shutdown(deadline: .seconds(30)) }
        try await subscription.resume()
        let report = try await ending.value
        #expect(!report.wasCancelled)
        for receipt in receipts { #expect(try await receipt.value().matched == 1) }
        #expect(self.seen.all == Array(0..<20))
        #expect(bus.leftovers.isEmpty)
    }

    @Test("gives up at a shutdown's deadline on what has got no room, and says so")
    func givesUp() async throws {
        let bus = self.makeBus()
        try await self.subscribe(bus, count: 1)
        let receipts = try (0..<5).map { try bus.enqueue(Step(number: $0)) }
        await bus.suspendedPublishers(1)

        let report = try await bus.shutdown(deadline: .zero)
        #expect(report.wasCancelled)
        #expect(try await receipts[0].value().matched == 1)
        for receipt in receipts.dropFirst() {
            await expectError(.busClosed) { _ = try await receipt.value() }
        }
        #expect(self.seen.all.isEmpty)
        #expect(bus.leftovers.isEmpty)
    }

    @Test("is over when a shutdown is, however long a middleware takes to notice")
    func endsWithShutdown() async throws {
        let begun = EventRecorder<Bool>()
        let notices = EventRecorder<Bool>()
        let slow = PublishMiddleware.around("slow") { _, _ in
            begun.record(true)
            while !Task.isCancelled { await Task.yield() }
            for _ in 0..<1_000 { await Task.yield() }
            notices.record(true)
            throw CancellationError()
        }
        let bus = self.manual.makeBus(settings: BusSettings(publishMiddleware: [slow]))
        let receipt = try bus.enqueue(Step(number: 1))
        // What nobody has begun to publish is refused without its middleware.
        try await begun.expect(1)

        let report = try await bus.shutdown(deadline: .zero)
        #expect(report.stuck.isEmpty)
        #expect(notices.all == [true])
        #expect(bus.leftovers.isEmpty)
        await expectError(.busClosed) { _ = try await receipt.value() }
    }

    @Test("carries the cause of what a handler enqueues, and never makes it wait for its own queue")
    func carriesCause() async throws {
        let settings = BusSettings(
            publishMiddleware: [.around("slow") { message, next in try await next(message) }]
        )
        for bus in [self.makeBus(), self.manual.makeBus(settings: settings)] {
            let done = try await bus.recorder(of: "job.done")
            let receipts = EventRecorder<PublishReceipt>()
            try await bus.subscribe(to: Step.self) { step, _ in
                receipts.record(try await bus.enqueue(StepDone(number: step.number)).value())
            }

            let cause = try await bus.publish(Step(number: 1))
            let effect = try #require(try await done.expect(1).first)
            #expect(effect.causationID == cause.messageID)
            #expect(effect.correlationID == cause.messageID)
            #expect(try await receipts.expect(1).first?.messageID == effect.id)
            try await bus.shutdown()
        }
    }

    @Test("gives a handler an error beyond its allowance, where it could wait for itself", arguments: [false, true])
    func boundsHandlers(isSlow: Bool) async throws {
        let slow = PublishMiddleware.around("slow") { message, next in try await next(message) }
        let bus = self.manual.makeBus(settings: BusSettings(publishMiddleware: isSlow ? [slow] : []))
        let codes = EventRecorder<OmnibusError.Code>()
        let settings = HandlerSettings(bounds: QueueBounds(count: 1, cascade: 1), overflow: .suspend())
        try await bus.subscribe(to: Step.self, with: settings) { step in
            guard step.number == 0 else { return }
            for number in 1...4 {
                do {
                    _ = try await bus.enqueue(Step(number: number)).value()
                } catch let error as OmnibusError {
                    codes.record(error.code)
                }
            }
        }

        try await bus.publish(Step(number: 0))
        await bus.settled()
        #expect(codes.count >= 1)
        #expect(Set(codes.all) == [.overflow])
        try await bus.shutdown()
    }

    @Test("refuses to flush in a handler, which would wait for itself")
    func refusesFlushInHandler() async throws {
        let bus = self.makeBus()
        let codes = EventRecorder<OmnibusError.Code>()
        try await bus.subscribe(to: Step.self) { _ in
            do { try await bus.flush() } catch let error as OmnibusError { codes.record(error.code) }
        }

        try await bus.publish(Step(number: 0))
        #expect(try await codes.expect(1) == [.wouldDeadlock])
        try await bus.shutdown()
    }

    @Test("serves paths that may suspend: slow middleware and other providers")
    func servesSlowPaths() async throws {
        let middleware = PublishMiddleware.around("slow") { message, next in
            guard message.payload["bad"] == nil else { throw Broken() }
            return try await next(message)
        }
        let bus = self.manual.makeBus(settings: BusSettings(publishMiddleware: [middleware]))
        let steps = try await bus.recorder(of: Step.self)
        await expectError(.unsupported) { try bus.publishNow(Step(number: 0)) }

        for number in 0..<100 { try bus.enqueue(Step(number: number)) }
        let bad = try bus.enqueue(Message(topic: "a", payload: ["bad": 1]))
        #expect(try await steps.expect(100) == (0..<100).map(Step.init))
        let error = await expectError(.invalidMessage) { _ = try await bad.value() }
        #expect(error?.cause is Broken)
        try await bus.shutdown()
    }

    @Test("keeps the order over a provider that can only publish and wait")
    func servesPoorProviders() async throws {
        let bus = EventBus(provider: PoorProvider())
        let steps = try await bus.recorder(of: Step.self)

        for number in 0..<50 { try bus.enqueue(Step(number: number)) }
        try await bus.flush()
        #expect(try await steps.expect(50) == (0..<50).map(Step.init))
        try await bus.shutdown()
    }

    @Test("keeps each task's order when many enqueue at once, and loses nothing")
    func survivesCrowds() async throws {
        let bus = EventBus(settings: BusSettings(bounds: QueueBounds(count: 8)))
        let seen = self.seen
        try await bus.subscribe(to: Step.self) { seen.record($0.number) }

        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 0..<4 {
                group.addTask {
                    for number in 0..<500 { try bus.enqueue(Step(number: task * 1_000 + number)) }
                }
            }
            try await group.waitForAll()
        }
        try await bus.flush()
        await bus.settled()
        #expect(seen.count == 2_000)
        for task in 0..<4 {
            #expect(seen.all.filter { $0 / 1_000 == task } == (0..<500).map { task * 1_000 + $0 })
        }
        try await bus.shutdown()
    }
}
