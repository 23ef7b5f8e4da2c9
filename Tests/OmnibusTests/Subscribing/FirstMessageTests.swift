// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Omnibus
import OmnibusTesting
import Synchronization
import Testing

/// The tasks of handlers are made when there is a first message for them.
@Suite("A subscription that has had no message yet", .timeLimit(.minutes(5)))
struct FirstMessageTests {
    @TaskLocal static var mark = 0

    /// Counts what is to run on it.
    final class CountingExecutor: TaskExecutor {
        private let enqueued = Atomic<Int>(0)

        var count: Int { self.enqueued.load(ordering: .relaxed) }

        func enqueue(_ job: consuming ExecutorJob) {
            self.enqueued.wrappingAdd(1, ordering: .relaxed)
            let job = UnownedJob(job)
            DispatchQueue.global().async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
        }
    }

    let manual = ManualEnvironment(seed: 41)
    let seen = EventRecorder<Int>()
    let gate = Gate()

    @Test("has no task; its first message makes one, and later ones do not")
    func hasNoTask() async throws {
        let executor = CountingExecutor()
        var environment = self.manual.environment
        environment.executor = executor
        let bus = EventBus(environment: environment)
        for _ in 0..<20 {
            try await bus.subscribe(to: StepDone.self) { _ in }
            try await bus.subscribe(to: "job.done.#") { _ in }
        }
        try await bus.subscribe(to: Step.self) { [seen] in seen.record($0.number) }
        #expect(executor.count == 0)

        try await bus.publish(Step(number: 1))
        try await self.seen.expect(1)
        #expect(executor.count > 0)
        for number in 2..<10 { try await bus.publish(Step(number: number)) }
        #expect(try await self.seen.expect(9) == Array(1..<10))
        #expect(try await bus.shutdown(deadline: .seconds(1)).stuck.isEmpty)
        #expect(bus.leftovers.isEmpty)
    }

    @Test("takes over nothing from the task that publishes the first one")
    func inheritsNothing() async throws {
        let bus = self.manual.makeBus()
        try await bus.subscribe(to: Step.self) { [seen] _ in seen.record(Self.mark) }
        try await bus.subscribe(to: "job.#") { [seen] _ in seen.record(Self.mark) }

        try await Self.$mark.withValue(7) { try await bus.publish(Step(number: 1)) }
        #expect(try await self.seen.expect(2) == [0, 0])
    }

    @Test("begins with as many handlers as may run at once", arguments: [false, true])
    func beginsAllAtOnce(isGroup: Bool) async throws {
        let bus = self.manual.makeBus()
        let gate = self.gate
        for _ in 0..<(isGroup ? 3 : 1) {
            try await bus.subscribe(
                to: Step.self,
                group: "workers",
                with: HandlerSettings(concurrency: isGroup ? 1 : 3)
            ) { _ in try await gate.pass() }
        }

        try await bus.publish(batch: (0..<3).map { Step(number: $0) })
        try await gate.arrivals(3)
        gate.open()
        await bus.settled()
        #expect(try await bus.metrics().queues.acknowledged == 3)
    }

    @Test("waits while it is paused, and handles what came meanwhile")
    func isPaused() async throws {
        let bus = self.manual.makeBus()
        let subscription = try await bus.subscribe(to: Step.self) { [seen] in seen.record($0.number) }
        try await subscription.pause()
        try await bus.publish(Step(number: 1))
        try await subscription.resume()
        try await self.seen.expect(1)
    }

    @Test("ends at once when it is cancelled, and leaves nothing behind")
    func ends() async throws {
        let bus = self.manual.makeBus()
        for _ in 0..<3 {
            let subscription = try await bus.subscribe(to: Step.self) { [seen] in seen.record($0.number) }
            await subscription.cancel()
        }

        #expect(bus.leftovers.isEmpty)
        #expect(try await bus.publish(Step(number: 1)).matched == 0)
        #expect(self.seen.all.isEmpty)
    }

    @Test("ends with the bus, which is let go of then")
    func endsWithBus() async throws {
        weak var bus: EventBus?
        do {
            let made = self.manual.makeBus()
            bus = made
            try await made.subscribe(to: Step.self) { _ in }
            try await made.subscribe(to: "job.#", with: HandlerSettings(concurrency: 4)) { _ in }
            let report = try await made.shutdown(deadline: .seconds(1))
            #expect(report.stuck.isEmpty)
            #expect(made.leftovers.isEmpty)
        }
        #expect(bus == nil)
    }
}
