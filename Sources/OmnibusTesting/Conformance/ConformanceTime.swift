// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus

/// The time of one scenario: moved by the suite, or passing by itself.
struct ConformanceTime: Sendable {
    let environment: BusEnvironment
    let manual: ManualClock?
    /// What scenarios count time in: long enough not to be over by accident, short enough to be waited for.
    let tick: Duration
    /// By how much the clocks of two machines, or a timer, may be early.
    let tolerance: Duration

    init(_ time: ProviderConformance.Time) {
        switch time {
        case .manual:
            let clock = ManualClock()
            self.manual = clock
            self.tick = .seconds(1)
            self.tolerance = .zero
            self.environment = BusEnvironment(clock: clock, random: SystemRandom())
        case .real:
            self.manual = nil
            self.tick = .milliseconds(400)
            self.tolerance = .milliseconds(100)
            self.environment = .live
        }
    }

    /// Reads the clock that never goes back.
    var now: Duration { self.environment.clock.uptime() }

    /// How many timers are set, where the clock can tell.
    var timers: Int { self.manual?.pendingTimers ?? 0 }

    /// Waits until so many timers are set: who waits for something with a limit has begun to wait then.
    ///
    /// A clock that cannot tell is given a tick for it.
    func timers(atLeast count: Int) async throws {
        guard let manual = self.manual else { return try await Task.sleep(for: self.tick) }
        try await manual.timers(atLeast: count)
    }

    /// Lets a time pass.
    func pass(_ duration: Duration) async throws {
        guard let manual = self.manual else { return try await Task.sleep(for: duration) }
        manual.advance(by: duration)
    }

    /// Lets time pass for as long as something takes, and returns what comes of it.
    ///
    /// A clock that is moved is moved in small steps: whoever waits for a time may not have asked for it yet.
    func passing<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Value {
        guard let manual = self.manual else { return try await body() }
        let ended = Pending<Result<Value, any Error>>()
        let work = Task {
            do {
                ended.resolve(.success(try await body()))
            } catch {
                ended.resolve(.failure(error))
            }
        }
        let mover = Task {
            var steps = 0
            while !Task.isCancelled {
                for _ in 0..<20 { await Task.yield() }
                guard !Task.isCancelled else { return }
                manual.advance(by: self.tick / 10)
                steps += 1
                // What has not come by now is late or lost: it need not be waited for in a hurry.
                if steps > 300 { try? await Task.sleep(for: .milliseconds(2)) }
            }
        }
        defer { mover.cancel() }
        return try await withTaskCancellationHandler {
            try await ended.value().get()
        } onCancel: {
            work.cancel()
        }
    }
}
