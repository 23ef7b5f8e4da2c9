// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import Synchronization

/// Everything at once, at full speed, with the memory watched.
final class MixedLoad: Sendable {
    /// How much memory may grow: in each minute, and in all after the first third.
    static let largestGrowth = 2 * 1_048_576

    private let bus = EventBus(
        provider: InMemoryBroker(limits: InMemoryBroker.Limits(deadLetters: 1_000)),
        settings: BusSettings(
            failurePolicy: .retry(.fixed([], then: .milliseconds(5)), attempts: 3),
            bounds: QueueBounds(count: 1_024)
        )
    )
    private let published = Atomic<Int>(0)
    private let isOver = Atomic<Bool>(false)

    func run(_ arguments: Arguments, _ findings: inout Findings) async throws {
        say(
            "\nMixed load for \(arguments.minutes) minutes" + (arguments.messages.map { ", or \($0) messages." } ?? ".")
        )
        try await self.subscribe()
        let samples = try await withThrowingTaskGroup(of: [(x: Double, y: Double)].self) { group in
            for number in 0..<2 { group.addTask { try await self.publishAll(number) } }
            group.addTask { try await self.churn() }
            group.addTask { try await self.watch(arguments) }
            var samples: [(x: Double, y: Double)] = []
            for try await some in group { samples += some }
            return samples
        }
        await self.bus.settled()
        try await self.report(samples, &findings)
    }

    // MARK: Steps

    private func subscribe() async throws {
        try await self.bus.subscribe(to: Tick.self) { _ in }
        for _ in 0..<4 { try await self.bus.subscribe(to: Keyed.self, group: "workers") { _ in } }
        for _ in 0..<3 { try await self.bus.subscribe(to: "soak.keyed") { _ in } }
        try await self.bus.subscribe(to: Risky.self, with: HandlerSettings(concurrency: 4)) { risky in
            if risky.number % 100 == 0 { throw Hiccup() }
        }
        try await self.bus.subscribe(
            to: Flood.self,
            with: HandlerSettings(bounds: QueueBounds(count: 256), overflow: .dropOldest)
        ) { _ in work(for: .microseconds(10)) }
        try await self.bus.respond(to: "soak.sum", as: [Int].self) { $0.reduce(0, +) }
    }

    private func publishAll(_ publisher: Int) async throws -> [(x: Double, y: Double)] {
        let ticks = try await self.bus.publisher(of: Tick.self)
        var number = 0
        while !self.isOver.load(ordering: .relaxed) {
            for _ in 0..<64 { try await ticks.publish(Tick(number: number)) }
            for offset in 0..<16 { try await self.bus.publish(Keyed(number: number + offset)) }
            try await self.bus.publish(Risky(number: number))
            try await self.bus.publish(Flood(number: number))
            var urgent = Message(topic: Risky.topic, value: Risky(number: 1), codec: JSONCodec())
            urgent.priority = .high
            urgent.timeToLive = .seconds(60)
            try await self.bus.publish(urgent)
            if number % 16 == 0 {
                let sum = try await self.bus.request([1, 2, 3], to: "soak.sum", as: Int.self)
                guard sum == 6 else { throw WrongAnswer(sum: sum) }
            }
            self.published.wrappingAdd(83, ordering: .relaxed)
            number += 1
        }
        return []
    }

    /// Subscribes and cancels all the time.
    private func churn() async throws -> [(x: Double, y: Double)] {
        while !self.isOver.load(ordering: .relaxed) {
            let subscription = try await self.bus.subscribe(to: "soak.*") { _ in }
            try await ContinuousClock().sleep(for: .milliseconds(20))
            await subscription.cancel()
            try self.bus.deadLetters.clear(olderThan: .seconds(1))
        }
        return []
    }

    /// Samples the memory until the time is over, and ends the load.
    private func watch(_ arguments: Arguments) async throws -> [(x: Double, y: Double)] {
        let clock = ContinuousClock()
        let start = clock.now
        let end = start + .seconds(arguments.minutes * 60)
        var samples: [(x: Double, y: Double)] = []
        var isDone = false
        while !isDone {
            try await clock.sleep(for: .milliseconds(500))
            let elapsed = (clock.now - start) / .seconds(60)
            if let bytes = ResidentMemory.bytes { samples.append((elapsed, Double(bytes))) }
            let published = self.published.load(ordering: .relaxed)
            isDone = clock.now >= end || published >= arguments.messages ?? .max
            if samples.count % 20 == 0 || isDone {
                say("  \(elapsed.rounded(to: 2)) min  \(published) messages  \(Int(samples.last?.y ?? 0).megabytes)")
            }
        }
        self.isOver.store(true, ordering: .relaxed)
        return samples
    }

    private func report(_ samples: [(x: Double, y: Double)], _ findings: inout Findings) async throws {
        let settled = Array(samples.dropFirst(samples.count / 3))
        let slope = Slope(settled).value
        let minutes = (settled.last?.x ?? 0) - (settled.first?.x ?? 0)
        let first = Int(settled.first?.y ?? 0)
        let last = Int(settled.last?.y ?? 0)
        findings.note(
            "memory: \(first.megabytes) after a third of the time, \(last.megabytes) at the end; "
                + "slope \((slope / 1_048_576).rounded(to: 2)) MiB a minute",
            isKept: slope * max(minutes, 1) <= Double(Self.largestGrowth)
        )
        let metrics = try await self.bus.metrics()
        let queues = metrics.queues
        findings.note(
            "queues: offered \(queues.offered) = acknowledged \(queues.acknowledged) + dead-lettered "
                + "\(queues.deadLettered) + expired \(queues.expired) + dropped \(queues.dropped) + refused "
                + "\(queues.refused) + abandoned \(queues.abandoned) + pending \(queues.pending)",
            isKept: queues.isBalanced
        )
        let calls =
            metrics.routed + metrics.unrouted + metrics.refused + metrics.duplicate + metrics.scheduled
            + metrics.cancelled
        findings.note(
            "calls: published \(metrics.published) = routed \(metrics.routed) + unrouted \(metrics.unrouted) + refused "
                + "\(metrics.refused) + cancelled \(metrics.cancelled)",
            isKept: metrics.published == calls
        )
        let report = try await self.bus.shutdown()
        findings.note(
            "shutdown: \(report.abandoned) abandoned, \(report.stuck.count) stuck",
            isKept: report.stuck.isEmpty
        )
    }
}
