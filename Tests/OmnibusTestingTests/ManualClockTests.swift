// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusTesting
import Testing

@Suite("A manual clock", .timeLimit(.minutes(5)))
struct ManualClockTests {
    @Test("has a wall clock that jumps alone")
    func jumps() {
        let clock = ManualClock()
        let start = clock.wallNanoseconds()
        clock.schedule(at: .seconds(5)) {}

        clock.jump(by: .seconds(-3_600))
        #expect(clock.wallNanoseconds() == start - 3_600_000_000_000)
        #expect(clock.uptime() == .zero)
        clock.jump(by: .seconds(7_200))
        clock.advance(by: .seconds(1))
        #expect(clock.wallNanoseconds() == start + 3_601_000_000_000)
        #expect(clock.pendingTimers == 1)
    }

    @Test("stands still at the ends of time")
    func saturates() {
        let clock = ManualClock()
        for _ in 0..<3 { clock.jump(by: Duration(attoseconds: .max)) }
        #expect(clock.wallNanoseconds() == .max)
        for _ in 0..<6 { clock.jump(by: Duration(attoseconds: .min)) }
        #expect(clock.wallNanoseconds() == .min)
        for _ in 0..<6 { clock.advance(by: Duration(attoseconds: .max)) }
        #expect(clock.uptime() == .seconds(60_000 * 365 * 86_400))
    }

    let clock = ManualClock()

    @Test("stands still until it is advanced")
    func standsStill() {
        let wall = self.clock.wallNanoseconds()

        #expect(self.clock.uptime() == .zero)
        self.clock.advance(by: .milliseconds(1_500))
        #expect(self.clock.uptime() == .milliseconds(1_500))
        #expect(self.clock.wallNanoseconds() == wall + 1_500_000_000)
        #expect(self.clock.coarseWallNanoseconds() == self.clock.wallNanoseconds())
    }

    @Test("shows the time that it was made with")
    func startsWhereItIsTold() throws {
        let start = try Timestamp(parsing: "2024-02-29T12:00:00Z")
        let clock = ManualClock(start: start)

        #expect(clock.now == start)
    }

    @Test("fires timers in order, each at its own time")
    func firesInOrder() {
        let fired = EventRecorder<String>()
        for (name, seconds) in [("c", 3), ("a", 1), ("b", 2), ("a2", 1), ("late", 9)] {
            self.clock.schedule(at: .seconds(seconds)) { [clock] in
                fired.record("\(name)@\(clock.uptime().components.seconds)")
            }
        }

        self.clock.advance(by: .seconds(5))
        #expect(fired.all == ["a@1", "a2@1", "b@2", "c@3"])
        #expect(self.clock.uptime() == .seconds(5))
        #expect(self.clock.pendingTimers == 1)
        #expect(self.clock.timeToNextTimer == .seconds(4))
    }

    @Test("fires what a timer schedules within the same time")
    func firesWhatTimersSchedule() {
        let fired = EventRecorder<Duration>()
        self.clock.schedule(at: .seconds(1)) { [clock] in
            clock.schedule(at: .seconds(2)) { fired.record(clock.uptime()) }
        }

        self.clock.advance(by: .seconds(2))
        #expect(fired.all == [.seconds(2)])
    }

    @Test("fires a timer of the past before it returns")
    func firesThePastAtOnce() {
        let fired = EventRecorder<Void>()

        self.clock.advance(by: .seconds(1))
        self.clock.schedule(at: .seconds(1)) { fired.record(()) }
        #expect(fired.count == 1)
        self.clock.advance(by: .seconds(1))
        #expect(fired.count == 1)
    }

    @Test("forgets a timer that is cancelled")
    func forgetsCancelled() {
        let fired = EventRecorder<Void>()
        let timer = self.clock.schedule(at: .seconds(1)) { fired.record(()) }

        self.clock.cancel(timer)
        self.clock.cancel(timer)
        self.clock.advance(by: .seconds(2))
        #expect(fired.count == 0)
        #expect(self.clock.pendingTimers == 0)
    }

    @Test("wakes up who sleeps on it")
    func wakesSleepers() async throws {
        let clock = self.clock
        async let slept: Void = clock.sleep(for: .seconds(30))

        try await clock.timers(atLeast: 1)
        clock.advance(by: .seconds(30))
        try await slept
        #expect(clock.pendingTimers == 0)
    }

    @Test("lets a cancelled sleeper go at once")
    func cancelsSleepers() async throws {
        let clock = self.clock
        let sleeper = Task { try await clock.sleep(for: .seconds(30)) }

        try await clock.timers(atLeast: 1)
        sleeper.cancel()
        let error = await #expect(throws: OmnibusError.self) { try await sleeper.value }
        #expect(error?.code == .cancelled)
        #expect(clock.pendingTimers == 0)
    }

    @Test("lets a cancelled task stop waiting for timers")
    func cancelsWaitingForTimers() async throws {
        let clock = self.clock
        let waiter = Task { try await clock.timers(atLeast: 1) }

        waiter.cancel()
        let error = await #expect(throws: OmnibusError.self) { try await waiter.value }
        #expect(error?.code == .cancelled)
    }
}
