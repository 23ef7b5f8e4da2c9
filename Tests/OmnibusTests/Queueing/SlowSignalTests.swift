// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Testing

@Suite("A slow subscriber", .timeLimit(.minutes(5)))
struct SlowSignalTests {
    let bus = ManualEnvironment(seed: 35).makeBus()
    let signals = EventRecorder<BusSignal>()

    @Test("is named once, with its call site, and again after it has recovered")
    func isNamed() async throws {
        let signals = self.signals
        let listener = self.bus.onSignal { signals.record($0) }
        let line = #line + 1
        let subscription = try await self.bus.subscribe(
            to: Step.self,
            group: "slow ones",
            with: HandlerSettings(bounds: QueueBounds(count: 16))
        ) { _ in }
        try await subscription.pause()
        for number in 0..<11 { try await self.bus.publish(Step(number: number)) }
        #expect(signals.count == 0)
        for number in 11..<16 { try await self.bus.publish(Step(number: number)) }
        #expect(signals.count == 1)
        let signal = try await signals.expect(1)[0]
        #expect(signal.kind == .slow)
        #expect(signal.queue?.group == "slow ones")
        #expect(signal.queue?.callSite?.line == line)
        #expect(signal.queue?.callSite?.file.hasSuffix("SlowSignalTests.swift") == true)
        #expect(signal.count >= 11)

        try await subscription.resume()
        await self.bus.settled()
        try await subscription.pause()
        for number in 0..<16 { try await self.bus.publish(Step(number: number)) }
        #expect(signals.count == 2)
        listener.cancel()
        try await subscription.resume()
        await self.bus.settled()
        try await subscription.pause()
        for number in 0..<16 { try await self.bus.publish(Step(number: number)) }
        #expect(signals.count == 2)
    }

    @Test("is named where bytes, or one key, or a very small queue have no room", arguments: [0, 1, 2])
    func otherBounds(kind: Int) async throws {
        let (signals, gate) = (self.signals, Gate())
        self.bus.onSignal { if $0.kind == .slow { signals.record($0) } }
        let bounds = [
            QueueBounds(count: 4_096, bytes: 10_000), QueueBounds(count: 64, parkedPerKey: 4), QueueBounds(count: 2),
        ][kind]
        let settings = HandlerSettings(concurrency: 2, bounds: bounds, overflow: .reject)
        try await self.bus.subscribe(to: "jobs", group: "g", with: settings) { _ in try await gate.pass() }
        func publish() async throws {
            var message = Message(topic: "jobs", bytes: Array(repeating: 0, count: kind == 0 ? 900 : 1))
            message.key = kind == 1 ? "k" : nil
            try await self.bus.publish(message)
        }
        let free = kind == 1 ? 1 : 2
        for _ in 0..<free { try await publish() }
        try await gate.arrivals(free)
        for _ in 0..<(kind == 0 ? 10 : kind == 1 ? 4 : 2) { try await publish() }
        await expectError(.overflow) {
            for _ in 0..<2 { try await publish() }
        }
        #expect(signals.count == 1)
        gate.open()
        await self.bus.settled()
    }

    @Test("that drops messages is named too")
    func dropping() async throws {
        let signals = self.signals
        self.bus.onSignal { if $0.kind == .dropping { signals.record($0) } }
        let subscription = try await self.bus.subscribe(
            to: Step.self,
            with: HandlerSettings(bounds: QueueBounds(count: 8), overflow: .dropOldest)
        ) { _ in }
        try await subscription.pause()
        for number in 0..<20 { try await self.bus.publish(Step(number: number)) }
        #expect(signals.count == 1)
        #expect(signals.all.first?.description.contains("SlowSignalTests.swift") == true)
    }
}
