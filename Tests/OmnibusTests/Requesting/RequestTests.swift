// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusTesting
import Testing

@testable import Omnibus

@Suite("A request", .timeLimit(.minutes(5)))
struct RequestTests {
    struct Sum: Codable, Sendable { var values: [Int] }

    let manual = ManualEnvironment(seed: 17)
    let bus: EventBus

    init() {
        self.bus = self.manual.makeBus()
    }

    private func ask(_ values: Int..., timeout: Duration = .seconds(30)) async throws -> Int {
        try await self.bus.request(Sum(values: values), to: "calculate", as: Int.self, timeout: timeout)
    }

    @Test("gets the responder's answer")
    func answers() async throws {
        try await self.bus.respond(to: "calculate", as: Sum.self) { $0.values.reduce(0, +) }

        #expect(try await self.ask(1, 2, 3) == 6)
        #expect(self.manual.clock.pendingTimers == 0)
    }

    @Test("gets its own answer among many at once")
    func answersMany() async throws {
        try await self.bus.respond(to: "calculate", as: Sum.self, with: HandlerSettings(concurrency: 4)) {
            $0.values.reduce(0, +)
        }

        try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<200 { group.addTask { try await self.ask(number, 1) == number + 1 } }
            for try await isRight in group { #expect(isRight) }
        }
    }

    @Test("fails at once when nobody listens; wildcards and observers do not count")
    func needsResponder() async throws {
        try await self.bus.subscribe(to: "#") { _ in }
        try await self.bus.subscribe(to: "*") { _ in }
        try self.bus.observe("calculate") { _ in }

        await expectError(.noResponder) { _ = try await self.ask(1) }
        #expect(self.manual.clock.pendingTimers == 0)
    }

    @Test("does not wait for observers once the responder has answered")
    func ignoresObservers() async throws {
        try self.bus.observe("calculate") { _ in }
        try await self.bus.respond(to: "calculate", as: Sum.self) { $0.values.count }

        let replies = try await self.bus.replies(to: Sum(values: [1]), on: "calculate", as: Int.self)
        var all: [Int] = []
        for try await reply in replies { all.append(reply) }
        #expect(all == [1])
    }

    @Test("fails with the timeout when the answer is late, and the answer is counted")
    func timesOut() async throws {
        let gate = Gate()
        try await self.bus.respond(to: "calculate", as: Sum.self) { sum in
            try await gate.pass()
            return sum.values.count
        }
        let asking = Task { try await self.ask(1, timeout: .seconds(2)) }
        try await gate.arrivals(1)

        self.manual.clock.advance(by: .seconds(2))
        let error = await expectError(.timeout) { _ = try await asking.value }
        #expect(error?.message.contains("'calculate'") == true)
        #expect(self.bus.inbox.late == 0)
        gate.open()
        await self.bus.settled()
        #expect(self.bus.inbox.late == 1)
    }

    @Test("fails when the responder fails, which is not tried again")
    func failsWithResponder() async throws {
        let attempts = EventRecorder<Void>()
        try await self.bus.respond(to: "calculate", as: Sum.self) { _ -> Int in
            attempts.record(())
            throw Broken()
        }

        let error = await expectError(.requestFailed) { _ = try await self.ask(1) }
        #expect(error?.message.contains("it is broken") == true)
        await self.bus.settled()
        #expect(attempts.count == 1)
        #expect(self.manual.clock.pendingTimers == 0)
    }

    @Test("fails when the answer does not decode")
    func failsToDecode() async throws {
        try await self.bus.respond(to: "calculate", as: Sum.self) { _ in "three" }

        let error = await expectError(.undecodable) { _ = try await self.ask(1) }
        #expect(error?.message.contains("three") == false)
    }

    @Test("fails when the question does not decode for the responder")
    func failsToDecodeQuestion() async throws {
        try await self.bus.respond(to: "calculate", as: Sum.self) { $0.values.count }

        await expectError(.requestFailed) {
            _ = try await self.bus.request("a text", to: "calculate", as: Int.self)
        }
    }

    @Test("ends when the asking task is cancelled")
    func cancels() async throws {
        let gate = Gate()
        try await self.bus.respond(to: "calculate", as: Sum.self) { sum in
            try await gate.pass()
            return sum.values.count
        }
        let asking = Task { try await self.ask(1) }
        try await gate.arrivals(1)

        asking.cancel()
        await expectError(.cancelled) { _ = try await asking.value }
        gate.open()
    }

    @Test("gets the answers of several responders as a sequence, which ends with the last one")
    func answersSeveral() async throws {
        for factor in 1...3 {
            try await self.bus.respond(to: "calculate", as: Sum.self) { $0.values.reduce(0, +) * factor }
        }

        let replies = try await self.bus.replies(to: Sum(values: [2]), on: "calculate", as: Int.self)
        var all: Set<Int> = []
        for try await reply in replies { all.insert(reply) }
        #expect(all == [2, 4, 6])
        #expect(self.manual.clock.pendingTimers == 0)
    }

    @Test("gets no more answers than it wants, and none after the timeout")
    func limitsAnswers() async throws {
        let gate = Gate()
        for isFast in [true, true, false] {
            try await self.bus.respond(to: "calculate", as: Sum.self) { sum in
                if !isFast { try await gate.pass() }
                return sum.values.count
            }
        }

        let limited = try await self.bus.replies(to: Sum(values: []), on: "calculate", as: Int.self, limit: 1)
        var count = 0
        for try await _ in limited { count += 1 }
        #expect(count == 1)

        let timed = try await self.bus.replies(to: Sum(values: []), on: "calculate", as: Int.self)
        var iterator = timed.makeAsyncIterator()
        _ = try await iterator.next()
        _ = try await iterator.next()
        self.manual.clock.advance(by: .seconds(30))
        #expect(try await iterator.next() == nil)
        gate.open()
    }

    @Test("goes on with the other answers after one that is a failure")
    func goesOnAfterFailure() async throws {
        try await self.bus.respond(to: "calculate", as: Sum.self) { _ -> Int in throw Broken() }
        try await self.bus.respond(to: "calculate", as: Sum.self) { $0.values.count }
        let replies = try await self.bus.replies(to: Sum(values: [1]), on: "calculate", as: Int.self)
        var iterator = replies.makeAsyncIterator()
        var answers: [Int] = []
        var failures = 0

        for _ in 0..<2 {
            do {
                if let answer = try await iterator.next() { answers.append(answer) }
            } catch {
                #expect(error.code == .requestFailed)
                failures += 1
            }
        }
        #expect(try await iterator.next() == nil)
        #expect(answers == [1])
        #expect(failures == 1)
    }

    @Test("that only the asking handler's own queue could answer is refused")
    func wouldDeadlock() async throws {
        let bus = self.bus
        let errors = EventRecorder<OmnibusError.Code?>()
        try await bus.subscribe(to: "calculate") { _ in
            do {
                _ = try await bus.request(Sum(values: []), to: "calculate", as: Int.self)
            } catch {
                errors.record((error as? OmnibusError)?.code)
            }
        }

        try await bus.publish(Sum(values: []), to: "calculate")
        #expect(try await errors.next() == .wouldDeadlock)
    }

    @Test("reaches one member of a group of responders")
    func sharesRequests() async throws {
        let asked = EventRecorder<Int>()
        for member in 0..<3 {
            try await self.bus.respond(to: "calculate", as: Sum.self, group: "calculators") { sum in
                asked.record(member)
                return sum.values.count
            }
        }

        #expect(try await self.ask(1, 2) == 2)
        await self.bus.settled()
        #expect(asked.count == 1)
    }

    @Test("can be answered by any delivery")
    func repliesByDelivery() async throws {
        try await self.bus.subscribe(to: "calculate") { delivery in
            let sum = try delivery.message.payload.decode(as: Sum.self, codec: JSONCodec())
            try await delivery.reply(sum.values.max() ?? 0)
        }

        #expect(try await self.ask(3, 9, 4) == 9)
    }

    @Test("is not what a plain message is: replying to it is an error")
    func refusesReplyToPlain() async throws {
        let errors = EventRecorder<OmnibusError.Code?>()
        try await self.bus.subscribe(to: "plain") { delivery in
            do {
                try await delivery.reply(1)
            } catch {
                errors.record((error as? OmnibusError)?.code)
            }
        }

        try await self.bus.publish(1, to: "plain")
        #expect(try await errors.next() == .invalidMessage)
    }

    @Test("refuses a limit and a timeout that make no sense")
    func refusesNonsense() async throws {
        try await self.bus.respond(to: "calculate", as: Sum.self) { $0.values.count }

        await expectError(.invalidSettings) { _ = try await self.ask(1, timeout: .zero) }
        await expectError(.invalidSettings) {
            _ = try await self.bus.replies(to: Sum(values: []), on: "calculate", as: Int.self, limit: 0)
        }
        #expect(try await self.bus.metrics().published == 0)
    }
}
