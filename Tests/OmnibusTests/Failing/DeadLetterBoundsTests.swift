// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Testing

@Suite("The bounds of dead letters", .timeLimit(.minutes(5)))
struct DeadLetterBoundsTests {
    let manual = ManualEnvironment(seed: 53)

    private func bus(_ limits: InMemoryBroker.Limits) -> EventBus {
        let broker = InMemoryBroker(environment: self.manual.environment, limits: limits)
        return EventBus(provider: broker, environment: self.manual.environment)
    }

    private func keep(_ size: Int, _ letters: DeadLetterQueue) throws -> DeadLetter.ID {
        let message = Message(topic: "job.step", bytes: Array(repeating: 0, count: size))
        return try #require(try letters.keep(message, reason: .expired)).id
    }

    @Test("are 10,000 letters and 64 MiB unless told otherwise, and at least 1")
    func haveDefaults() {
        let limits = InMemoryBroker.Limits()
        #expect([limits.deadLetters, limits.deadLetterBytes] == [10_000, 64 * 1_024 * 1_024])
        let least = InMemoryBroker.Limits(deadLetters: 0, deadLetterBytes: .min)
        #expect([least.deadLetters, least.deadLetterBytes] == [1, 1])
    }

    @Test("hold in bytes: the oldest make room, and the newest stays however large it is")
    func holdInBytes() throws {
        let letters = try self.bus(InMemoryBroker.Limits(deadLetterBytes: 10_000)).deadLetters
        var ids: [DeadLetter.ID] = []
        for _ in 0..<20 {
            ids.append(try self.keep(1_000, letters))
            #expect(letters.byteCount <= 10_000)
        }
        #expect(letters.count >= 5)
        #expect(letters.evictedCount == 20 - letters.count)
        #expect(letters.list().map(\.id) == Array(ids.suffix(letters.count)))

        let large = try self.keep(50_000, letters)
        #expect(letters.list().map(\.id) == [large])
        let small = try self.keep(0, letters)
        #expect(letters.list().map(\.id) == [small])
        #expect(letters.evictedCount == 21)
    }

    @Test("signal every letter that makes room, with no lock held")
    func signalEvictions() throws {
        let bus = self.bus(InMemoryBroker.Limits(deadLetters: 2))
        let letters = try bus.deadLetters
        let evicted = EventRecorder<BusSignal>()
        let listener = bus.onSignal { signal in
            guard signal.kind == .evicted else { return }
            // It would wait for ever if a lock were held.
            #expect(letters.count == 2)
            evicted.record(signal)
        }
        let ids = try (0..<5).map { _ in try self.keep(0, letters) }
        #expect(evicted.count == 3)
        #expect(evicted.all.map(\.topic) == ["job.step", "job.step", "job.step"])
        #expect(zip(evicted.all, ids).allSatisfy { $0.message.contains($1.description) })
        #expect(evicted.all.first?.queue?.pattern == "job.step")

        listener.cancel()
        _ = try self.keep(0, letters)
        #expect(evicted.count == 3)
        #expect(letters.evictedCount == 4)
    }
}
