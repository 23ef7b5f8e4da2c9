// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Omnibus
import OmnibusTesting
import Synchronization
import Testing

@Suite("Publishers that wait for room", .timeLimit(.minutes(5)))
struct OrderOfPublishersTests {
    /// Runs what is enqueued, or keeps it and runs it the other way round.
    final class ReversingExecutor: TaskExecutor {
        private let queue = DispatchQueue(label: "reversing")
        private let kept = Mutex<[UnownedJob]?>(nil)

        func enqueue(_ job: consuming ExecutorJob) {
            let job = UnownedJob(job)
            let isKept = self.kept.withLock { kept in
                kept?.append(job)
                return kept != nil
            }
            if !isKept { self.run(job) }
        }

        private func run(_ job: UnownedJob) {
            self.queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
        }

        func keep() { self.kept.withLock { $0 = [] } }

        func release() {
            let jobs = self.kept.withLock { kept in
                defer { kept = nil }
                return kept ?? []
            }
            for job in jobs.reversed() { self.run(job) }
        }
    }

    let manual = ManualEnvironment(seed: 88)
    let seen = EventRecorder<Int>()
    let gate = Gate()

    @Test("come in the order of their calls, in whatever order their tasks go on", arguments: [8, 64])
    func order(bound: Int) async throws {
        let (bus, seen, gate) = (self.manual.makeBus(), self.seen, self.gate)
        let settings = HandlerSettings(bounds: QueueBounds(count: bound))
        try await bus.subscribe(to: Step.self, with: settings) { step in
            try await gate.pass()
            seen.record(step.number)
        }
        let publisher = try await bus.publisher(of: Step.self)
        try await publisher.publish(Step(number: 0))
        try await gate.arrivals(1)
        for number in 1...bound { try await publisher.publish(Step(number: number)) }

        let executor = ReversingExecutor()
        var tasks: [Task<Void, any Error>] = []
        for number in (bound + 1)...(bound + 16) {
            tasks.append(Task(executorPreference: executor) { try await publisher.publish(Step(number: number)) })
            await bus.suspendedPublishers(number - bound)
        }
        executor.keep()
        gate.open()
        try await seen.expect(bound + 1)
        executor.release()
        for task in tasks { try await task.value }
        await bus.settled()
        #expect(seen.all == Array(0...(bound + 16)))
        let metrics = try await bus.metrics().queues
        #expect(metrics.offered == bound + 17 && metrics.acknowledged == bound + 17)
        #expect(self.manual.clock.pendingTimers == 0)
    }

    @Test("either have their message stored, or have been cancelled or left without room, never both")
    func onceOrNever() async throws {
        let (bus, seen, gate) = (self.manual.makeBus(), self.seen, self.gate)
        let settings = HandlerSettings(bounds: QueueBounds(count: 2), overflow: .suspend(atMost: .seconds(1)))
        try await bus.subscribe(to: Step.self, with: settings) { step in
            try await gate.pass()
            seen.record(step.number)
        }
        try await bus.publish(Step(number: 0))
        try await gate.arrivals(1)
        for number in 1...2 { try await bus.publish(Step(number: number)) }
        var tasks: [Task<PublishReceipt, any Error>] = []
        for number in 3...5 {
            tasks.append(Task { try await bus.publish(Step(number: number)) })
            await bus.suspendedPublishers(number - 2)
            try await self.manual.clock.timers(atLeast: number - 2)
        }
        tasks[0].cancel()
        await expectError(.cancelled) { _ = try await tasks[0].value }
        gate.letOneThrough()
        _ = try await tasks[1].value
        tasks[1].cancel()
        self.manual.clock.advance(by: .seconds(2))
        await expectError(.overflow) { _ = try await tasks[2].value }
        gate.open()
        await bus.settled()
        #expect(seen.all == [0, 1, 2, 4])
        #expect(try await bus.metrics().queues.offered == 4)
    }
}
