// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusTesting
import Testing

@testable import Omnibus

@Suite("A sequence of answers", .timeLimit(.minutes(5)))
struct RepliesTests {
    let manual = ManualEnvironment(seed: 28)
    let bus: EventBus
    let gate = Gate()

    init() async throws {
        self.bus = self.manual.makeBus()
        let gate = self.gate
        try await self.bus.respond(to: "echo", as: Int.self) { number in
            try await gate.pass()
            return number
        }
    }

    /// Lets tasks that were started get to where they wait.
    private func letOthersRun() async {
        for _ in 0..<200 { await Task.yield() }
    }

    @Test("ends for everybody who reads it, at the timeout and after the last answer", arguments: [false, true])
    func endsForAll(isAnswered: Bool) async throws {
        let replies = try await self.bus.replies(to: 1, on: "echo", as: Int.self, timeout: .seconds(9))
        let reading = EventRecorder<Void>()
        let readers = (0..<3).map { _ in
            Task {
                var iterator = replies.makeAsyncIterator()
                reading.record(())
                var all: [Int] = []
                while let answer = try await iterator.next() { all.append(answer) }
                return all
            }
        }
        try await reading.expect(3)
        await self.letOthersRun()

        if isAnswered { self.gate.open() } else { self.manual.clock.advance(by: .seconds(9)) }
        var all: [Int] = []
        for reader in readers { all += try await reader.value }
        #expect(all == (isAnswered ? [1] : []))
        self.gate.open()
    }

    @Test("keeps the answer that a cancelled reader had waited for")
    func keepsAnswer() async throws {
        let replies = try await self.bus.replies(to: 1, on: "echo", as: Int.self)
        let reading = EventRecorder<Void>()
        let reader = Task {
            var iterator = replies.makeAsyncIterator()
            reading.record(())
            return try? await iterator.next()
        }
        try await reading.expect(1)
        await self.letOthersRun()
        reader.cancel()
        #expect(await reader.value == nil)

        self.gate.open()
        // The answer comes while nobody reads.
        await self.bus.settled()
        var iterator = replies.makeAsyncIterator()
        #expect(try await iterator.next() == 1)
        #expect(try await iterator.next() == nil)
    }

    @Test("leave nothing behind when nobody reads them any more, or the asking task is cancelled")
    func leaveNothing() async throws {
        let bus = self.bus
        let listener = try await bus.recorder(of: "silent")
        let asking = Task { try await bus.request(1, to: "silent", as: Int.self) }
        try await listener.expect(1)
        #expect(self.manual.clock.pendingTimers == 1)
        asking.cancel()
        await expectError(.cancelled) { _ = try await asking.value }
        #expect(self.manual.clock.pendingTimers == 0)

        do {
            let replies = try await bus.replies(to: 2, on: "silent", as: Int.self)
            #expect(self.manual.clock.pendingTimers == 1)
            withExtendedLifetime(replies) {}
        }
        #expect(self.manual.clock.pendingTimers == 0)
    }

    @Test("of a responder whose answer is refused makes it run once")
    func runsOnce() async throws {
        let runs = EventRecorder<Int>()
        try await self.bus.respond(to: "once", as: Int.self) { number in
            runs.record(number)
            return number
        }
        _ = try await self.bus.provider.createTopic("gone", TopicConfiguration())
        _ = try await self.bus.provider.deleteTopic("gone")
        var message = Message(topic: "once", value: 1, codec: JSONCodec())
        message.replyTo = "gone"

        try await self.bus.publish(message)
        await self.bus.settled()
        #expect(self.manual.clock.pendingTimers == 0)
        #expect(runs.count == 1)
    }
}
