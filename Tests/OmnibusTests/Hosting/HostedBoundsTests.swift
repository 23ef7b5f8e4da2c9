// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusTesting
import Testing

@testable import Omnibus

@Suite("A queue that the bus fills from a provider", .timeLimit(.minutes(5)))
struct HostedBoundsTests {
    @Test("never holds more than its bound, however slow the handler is", arguments: [1, 8, 100, 1_000])
    func isBounded(_ bound: Int) async throws {
        let hosted = HostedBus(.middling)
        let gate = Gate()
        let seen = EventRecorder<Int>()
        let settings = HandlerSettings(bounds: QueueBounds(count: bound))
        let subscription = try await hosted.bus.subscribe(to: Step.self, with: settings) { step in
            try await gate.pass()
            seen.record(step.number)
        }
        for number in 0..<500 { try await hosted.bus.publish(Step(number: number)) }
        try await gate.arrivals(1)
        await hosted.fetched(subscription)
        let queue = try #require((hosted.provider as? QueueProvider)?.subscriptions.first)
        #expect(queue.inFlight <= bound + 1)
        #expect(queue.inFlight >= min(500, bound))
        gate.open()
        await hosted.bus.settled()
        #expect(seen.all == Array(0..<500))
        #expect(queue.largestInFlight <= bound + 1)
        #expect(queue.handedOut == 500)
    }

    @Test("never holds more bytes than its bound, as long as messages are of one size")
    func isBoundedInBytes() async throws {
        let hosted = HostedBus(.middling)
        let gate = Gate()
        let settings = HandlerSettings(bounds: QueueBounds(bytes: 10_000))
        let subscription = try await hosted.bus.subscribe(to: "blob", with: settings) { _ in try await gate.pass() }
        let blob = [UInt8](repeating: 7, count: 1_000)
        for _ in 0..<50 { try await hosted.bus.publish(bytes: blob, to: "blob") }
        try await gate.arrivals(1)
        await hosted.fetched(subscription)
        let queue = try #require((hosted.provider as? QueueProvider)?.subscriptions.first)
        #expect(queue.inFlight <= 11)
        gate.open()
        await hosted.bus.settled()
        #expect(queue.handedOut == 50)
        #expect(queue.largestInFlight <= 11)
    }

    @Test("drops what does not fit where that was asked for, and tells the provider that it is done")
    func drops() async throws {
        for policy in [OverflowPolicy.dropOldest, .dropNewest] {
            let hosted = HostedBus(.middling)
            let gate = Gate()
            let seen = EventRecorder<Int>()
            let settings = HandlerSettings(bounds: QueueBounds(count: 4), overflow: policy)
            let subscription = try await hosted.bus.subscribe(to: Step.self, with: settings) { step in
                try await gate.pass()
                seen.record(step.number)
            }
            try await hosted.bus.publish(Step(number: 0))
            try await gate.arrivals(1)
            for number in 1..<20 { try await hosted.bus.publish(Step(number: number)) }
            await hosted.fetched(subscription)
            gate.open()
            await hosted.bus.settled()
            #expect(seen.all == (policy == .dropOldest ? [0, 16, 17, 18, 19] : [0, 1, 2, 3, 4]))
            let queues = try await hosted.bus.metrics().queues
            #expect(queues.dropped == 15)
            #expect(queues.accounted == queues.offered)
            let queue = try #require((hosted.provider as? QueueProvider)?.subscriptions.first)
            #expect(queue.inFlight == 0)
            #expect(queue.waiting.isEmpty)
        }
    }

    @Test("settles several messages in one call where several are done at once")
    func settlesTogether() async throws {
        let manual = ManualEnvironment(seed: 22)
        let queue = QueueProvider([.acknowledgement, .everyTopic], clock: manual.clock)
        let hosted = HostedBus(queue, manual)
        let subscription = try await hosted.bus.subscribe(to: "job.*") { _ in }
        try await subscription.pause()
        for _ in 0..<64 { try await hosted.bus.publish(bytes: [1], to: "other") }
        await hosted.fetched(subscription)
        #expect(queue.subscriptions[0].actions.count == 64)
        #expect(queue.subscriptions[0].settleCalls <= 64)
        #expect(queue.subscriptions[0].inFlight == 0)
    }

    @Test("knows how much may be fetched")
    func credit() {
        var credit = FetchCredit(SubscriptionSettings(bounds: QueueBounds(count: 100, bytes: 1_000)))
        func count(_ count: Int, _ bytes: Int) -> Int {
            credit.count(Lane.Backlog(count: count, bytes: bytes, ready: count))
        }
        // One, to learn how large messages are.
        #expect(count(0, 0) == 1)
        credit.note(size: 10)
        #expect(count(0, 0) == 64)
        #expect(count(90, 0) == 10)
        #expect(count(100, 0) == 0)
        #expect(count(101, 0) == 0)
        #expect(count(10, 975) == 2)
        #expect(count(10, 1_000) == 0)
        credit.note(size: 2_000)
        #expect(count(1, 10) == 0)
        #expect(count(0, 0) == 1)
    }

    @Test("is filled again once a quarter is free, or nothing else can be done")
    func isWorthwhile() {
        var credit = FetchCredit(SubscriptionSettings(bounds: QueueBounds(count: 100)))
        credit.note(size: 10)
        #expect(!credit.isWorthwhile(Lane.Backlog(count: 99, bytes: 0, ready: 99)))
        #expect(credit.isWorthwhile(Lane.Backlog(count: 75, bytes: 0, ready: 75)))
        #expect(credit.isWorthwhile(Lane.Backlog(count: 99, bytes: 0, ready: 0)))
        #expect(!credit.isWorthwhile(Lane.Backlog(count: 100, bytes: 0, ready: 0)))
    }
}
