// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Omnibus
import OmnibusTesting
import Testing

@testable import OmnibusCore

@Suite("Health", .timeLimit(.minutes(5)))
struct HealthTests {
    let manual = ManualEnvironment(seed: 41)
    let bus: EventBus

    init() {
        self.bus = self.manual.makeBus()
    }

    private func finding(_ kind: EventBusHealth.Finding.Kind) -> EventBusHealth.Finding? {
        self.bus.health().findings.first { $0.kind == kind }
    }

    @Test(
        "names a log that has lost lines, as long as there is one",
        .enabled(if: FileManager.default.fileExists(atPath: "/dev/full"), "there is no /dev/full")
    )
    func namesLogs() async throws {
        let logging = Configuration.Logging(level: .debug, format: .text, output: "/dev/full")
        let service = try BusService(configuration: Configuration(monitoring: .init(logging: logging))) { _ in }
        try await service.start()
        try await service.bus.publish(Message(topic: "nobody", payload: 1))
        let health = await service.health()
        #expect(health.status == .degraded)
        let finding = try #require(health.findings.first { $0.kind == .lostLogLines })
        #expect(finding.name.hasPrefix("the log file '/dev/full': "))
        #expect(finding.name.count > "the log file '/dev/full': ".count)
        // The start of the service, and the message that nobody listened to.
        #expect(finding.count == 2)
        try await service.stop()

        do {
            let log = try JSONLinesLog(level: .debug, to: .file("/dev/full"))
            let listener = self.bus.log(to: log)
            try await self.bus.publish(Message(topic: "nobody", payload: 1))
            #expect(self.finding(.lostLogLines)?.count == 1)
            listener.cancel()
        }
        #expect(self.bus.health().status == .healthy)
    }

    @Test("names a paused subscription, a queue that fills up and publishers that wait, and since when")
    func namesQueues() async throws {
        let settings = HandlerSettings(bounds: QueueBounds(count: 8))
        let subscription = try await self.bus.subscribe(to: Step.self, group: "workers", with: settings) { _ in }
        #expect(self.bus.health().status == .healthy)

        let paused = self.manual.clock.now
        try await subscription.pause()
        self.manual.clock.advance(by: .seconds(1))
        try await subscription.pause()
        #expect(self.finding(.paused)?.since == paused)
        #expect(self.finding(.slowQueue) == nil)
        let slow = self.manual.clock.now
        for number in 0..<8 { try await self.bus.publish(Step(number: number)) }
        self.manual.clock.advance(by: .seconds(1))
        let suspended = self.manual.clock.now
        let publishers = (8..<10).map { number in Task { [bus] in try await bus.publish(Step(number: number)) } }
        await self.bus.suspendedPublishers(2)

        let health = self.bus.health()
        #expect(health.status == .degraded)
        #expect(health.findings.map(\.kind) == [.paused, .slowQueue, .suspendedPublishers])
        #expect(self.finding(.slowQueue)?.since == slow)
        #expect(self.finding(.slowQueue)?.count == 8)
        #expect(self.finding(.suspendedPublishers)?.since == suspended)
        #expect(self.finding(.suspendedPublishers)?.count == 2)
        for finding in health.findings {
            #expect(finding.name.contains("group 'workers' of 'job.step'"), "\(finding)")
            #expect(finding.name.contains("HealthTests.swift"), "\(finding)")
        }
        #expect(health.description.hasPrefix("degraded\n- paused (8): "))

        try await subscription.resume()
        for publisher in publishers { _ = try await publisher.value }
        await self.bus.settled()
        #expect(self.bus.health().status == .healthy)
        try await self.bus.shutdown()
    }

    @Test("names a handler that ignores its cancellation, with the message and since when")
    func namesStuckHandlers() async throws {
        let gate = Gate()
        let stuck = EventRecorder<BusSignal>()
        self.bus.onSignal { if $0.kind == .stuck { stuck.record($0) } }
        let settings = HandlerSettings(timeout: .seconds(1))
        try await self.bus.subscribe(to: Step.self, with: settings) { _ in await gate.passStubbornly() }
        let receipt = try await self.bus.publish(Step(number: 1))
        try await gate.arrivals(1)
        try await self.manual.clock.timers(atLeast: 1)
        #expect(self.bus.health().status == .healthy)

        self.manual.clock.advance(by: .seconds(1))
        let over = self.manual.clock.now
        try await self.manual.clock.timers(atLeast: 1)
        self.manual.clock.advance(by: .seconds(1))
        _ = try await stuck.expect(1)
        #expect(self.finding(.stuckHandler)?.since == over)
        #expect(self.finding(.stuckHandler)?.name.contains(receipt.messageID.description) == true)
        gate.open()
        try await self.bus.shutdown(deadline: .zero)
    }

    @Test("names what was enqueued and waits, and since when")
    func namesBacklog() async throws {
        let settings = HandlerSettings(bounds: QueueBounds(count: 1))
        let subscription = try await self.bus.subscribe(to: Step.self, with: settings) { _ in }
        try await subscription.pause()
        try self.bus.enqueue(Step(number: 0))
        let since = self.manual.clock.now
        try self.bus.enqueue(Step(number: 1))
        await self.bus.suspendedPublishers(1)
        self.manual.clock.advance(by: .milliseconds(1))
        try self.bus.enqueue(Step(number: 2))

        #expect(self.finding(.backlog)?.count == 2)
        #expect(self.finding(.backlog)?.since == since)
        try await subscription.resume()
        try await self.bus.flush()
        #expect(self.finding(.backlog) == nil)
        try await self.bus.shutdown()
    }

    @Test("names a circuit breaker that is open, and since when")
    func namesBreakers() async throws {
        let settings = HandlerSettings(
            failurePolicy: .noRetry,
            circuitBreaker: CircuitBreaker(failures: 2, cooldown: .seconds(60))
        )
        let opened = EventRecorder<BusSignal>()
        self.bus.onSignal { if $0.kind == .breakerOpened { opened.record($0) } }
        try await self.bus.subscribe(to: Step.self, with: settings) { _ in throw Broken() }
        for number in 0..<2 { try await self.bus.publish(Step(number: number)) }
        _ = try await opened.expect(1)

        #expect(self.finding(.openBreaker)?.since == self.manual.clock.now)
        try await self.bus.shutdown(deadline: .zero)
    }

    @Test("is down where nothing can be published")
    func isDown() async throws {
        try await self.bus.shutdown()

        #expect(self.bus.health().status == .down)
        #expect(self.bus.health().findings.first?.name.contains(self.bus.busID) == true)
        #expect(self.bus.health().findings.first?.since == self.manual.clock.now)
    }
}
