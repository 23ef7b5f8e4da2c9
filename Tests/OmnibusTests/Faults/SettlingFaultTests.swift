// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Testing

@Suite("Settling at the wrong time or place", .timeLimit(.minutes(5)))
struct SettlingFaultTests {
    /// The four settlements.
    enum Action: CaseIterable {
        case ack, nack, extend, reject

        func settle(_ delivery: Delivery) async throws(OmnibusError) {
            switch self {
            case .ack: try await delivery.ack()
            case .nack: try await delivery.nack(after: .seconds(1))
            case .extend: try await delivery.extend(by: .seconds(1))
            case .reject: try await delivery.reject(reason: "late")
            }
        }
    }

    let manual = ManualEnvironment(seed: 92)
    let bus: EventBus
    let kept = EventRecorder<Delivery>()

    init() {
        self.bus = self.manual.makeBus()
    }

    private var queues: QueueMetrics { get async throws { try await self.bus.metrics().queues } }

    @Test("too late, when the handler has returned, throws and changes nothing", arguments: Action.allCases)
    func late(action: Action) async throws {
        let kept = self.kept
        try await self.bus.subscribe(to: Step.self) { _, delivery in kept.record(delivery) }
        try await self.bus.publish(Step(number: 1))
        await self.bus.settled()

        let delivery = try await self.kept.next()
        await expectError(.alreadySettled) { try await action.settle(delivery) }
        let queues = try await self.queues
        #expect([queues.acknowledged, queues.deadLettered, queues.pending] == [1, 0, 0])
        try await assertClean(self.bus)
        await expectError(.alreadySettled) { try await action.settle(delivery) }
    }

    @Test(
        "after the subscription, or the bus, has ended throws 'leaseLost'",
        arguments: Action.allCases,
        [false, true]
    )
    func afterTheEnd(action: Action, ofBus: Bool) async throws {
        let kept = self.kept
        let subscription = try await self.bus.subscribe(
            to: Step.self,
            with: HandlerSettings(acknowledging: .manual)
        ) { _, delivery in kept.record(delivery) }
        try await self.bus.publish(Step(number: 1))
        let delivery = try await self.kept.next()
        if ofBus {
            try await self.bus.shutdown(deadline: .zero)
        } else {
            await subscription.cancel()
            while self.bus.leaks().contains(where: { $0.kind == .handler }) { await Task.yield() }
        }

        await expectError(.leaseLost) { try await action.settle(delivery) }
        try await assertClean(self.bus)
    }

    @Test("from another task counts like any other", arguments: [Action.ack, .reject])
    func fromAnotherTask(action: Action) async throws {
        try await self.bus.subscribe(to: Step.self, with: HandlerSettings(acknowledging: .manual)) { _, delivery in
            Task.detached { try? await action.settle(delivery) }
        }
        try await self.bus.publish(Step(number: 1))
        await self.bus.settled()

        let queues = try await self.queues
        #expect([queues.acknowledged, queues.deadLettered] == (action == .ack ? [1, 0] : [0, 1]))
        try await assertClean(self.bus)
    }

    @Test(
        "twice at once from two tasks succeeds once",
        arguments: [Action.ack, .nack, .reject],
        [Action.ack, .reject]
    )
    func twiceAtOnce(first: Action, second: Action) async throws {
        let outcomes = EventRecorder<OmnibusError.Code?>()
        try await self.bus.subscribe(
            to: Step.self,
            with: HandlerSettings(acknowledging: .manual, failurePolicy: .threeTimes)
        ) { (_: Step, delivery: Delivery) in
            guard delivery.attempt == 1 else { return try await delivery.ack() }
            await withTaskGroup(of: OmnibusError.Code?.self) { group in
                for action in [first, second] {
                    group.addTask {
                        do {
                            try await action.settle(delivery)
                            return nil
                        } catch {
                            return (error as? OmnibusError)?.code
                        }
                    }
                }
                for await code in group { outcomes.record(code) }
            }
        }
        for number in 0..<100 { try await self.bus.publish(Step(number: number)) }
        await self.bus.settled()
        self.manual.clock.advance(by: .seconds(1))
        await self.bus.settled()

        try await outcomes.expect(200)
        #expect(outcomes.all.filter { $0 == nil }.count == 100)
        #expect(outcomes.all.filter { $0 == .alreadySettled }.count == 100)
        let queues = try await self.queues
        #expect(queues.acknowledged + queues.deadLettered == 100)
        #expect(queues.pending == 0)
        try await assertClean(self.bus)
    }

    @Test("inside the handler and then throwing counts once, as it was settled", arguments: [Action.ack, .reject])
    func settlesAndThrows(action: Action) async throws {
        try await self.bus.subscribe(to: Step.self) { (_: Step, delivery: Delivery) in
            try await action.settle(delivery)
            throw Broken()
        }
        try await self.bus.publish(Step(number: 1))
        await self.bus.settled()

        let queues = try await self.queues
        #expect([queues.acknowledged, queues.deadLettered] == (action == .ack ? [1, 0] : [0, 1]))
        #expect(queues.retried == 0)
        try await assertClean(self.bus)
    }
}
