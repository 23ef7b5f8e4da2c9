// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

public import Omnibus

extension EventBus {
    /// What a bus that was shut down has left behind; nothing, when all has ended well.
    ///
    /// It looks once, so that a task which is about to end counts. ``assertClean(_:deadline:patience:)`` waits for
    /// those. On a bus that was not shut down, what is at work is listed as well.
    public func leaks() -> [Leak] {
        var leaks = self.leftovers.map { Leak($0) }
        if let clock = self.environment.clock as? ManualClock, clock.pendingTimers > 0 {
            let next = clock.timeToNextTimer.map { " (the next is due in \($0))" } ?? ""
            leaks.append(Leak(.timer, "the ManualClock\(next)", count: clock.pendingTimers))
        }
        return leaks
    }
}

/// Shuts a bus down, and expects that nothing of it is left: no handler, sequence, publisher, request, task or timer.
///
/// Call it at the end of a test, in place of `shutdown()`. A bus that was shut down before is only looked at. The clock
/// of a bus in a ``ManualEnvironment`` is moved on for as long as the shutdown waits for it.
///
/// - Parameters:
///   - deadline: how long handlers may take for what is there, on the bus's clock.
///   - patience: how long tasks may take to end, on the machine's clock; a test that passes does not wait for it.
/// - Throws: ``LeakFailure``, naming everything that was left behind, or what `shutdown` throws.
public func assertClean(
    _ bus: EventBus,
    deadline: Duration = .seconds(1),
    patience: Duration = .seconds(2),
    file: String = #fileID,
    line: Int = #line
) async throws {
    let check = LeakCheck(bus: bus, patience: patience)
    let hasEnded = try await check.shutDown(deadline)
    let leaks = await check.remainingLeaks()
    if hasEnded, leaks.isEmpty { return }
    let stuck = hasEnded ? [] : [Leak(.shutdown, "the bus")]
    throw LeakFailure(leaks: stuck + leaks, callSite: CallSite(file: file, line: line))
}

/// Makes a bus for a test, hands it to a function, shuts it down, and expects that nothing of it is left.
///
/// ```swift
/// try await withCleanBus { bus in
///     try await startPacking(on: bus)
///     …
/// }
/// ```
///
/// - Parameters:
///   - environment: the clock and random numbers, such as `ManualEnvironment(seed: 7).environment`.
///   - settings: what the bus does unless a call says otherwise.
/// - Returns: what the function returns.
/// - Throws: what the function throws, and otherwise ``LeakFailure``.
public func withCleanBus<Result>(
    environment: BusEnvironment = .live,
    settings: BusSettings = BusSettings(),
    file: String = #fileID,
    line: Int = #line,
    _ body: (EventBus) async throws -> Result
) async throws -> Result {
    let bus = EventBus(environment: environment, settings: settings)
    let result: Result
    do {
        result = try await body(bus)
    } catch {
        // What the function threw is what the test needs to show.
        _ = try? await LeakCheck(bus: bus, patience: .milliseconds(100)).shutDown(.zero)
        throw error
    }
    try await assertClean(bus, file: file, line: line)
    return result
}

/// Shuts a bus down and looks at what is left, with the machine's clock as a bound for what never ends.
struct LeakCheck {
    let bus: EventBus
    let patience: Duration
    /// The machine's own clock: the bus's may stand still.
    private let clock = SystemClock()
    /// How long to wait before looking again.
    private static let interval = Duration.milliseconds(2)
    /// How long a shutdown may take before its clock is moved on: most need no clock.
    private static let head = Duration.milliseconds(10)
    /// How long a shutdown may take, however impatient the caller is.
    private static let leastPatience = Duration.milliseconds(200)

    init(bus: EventBus, patience: Duration) {
        self.bus = bus
        self.patience = min(max(patience, .zero), .longestWait)
    }

    /// Shuts the bus down; returns false when the shutdown does not end.
    func shutDown(_ deadline: Duration) async throws -> Bool {
        let bus = self.bus
        let ended = EventRecorder<Void>()
        // A task of its own, because the caller's may be cancelled.
        let shutdown = Task.detached {
            defer { ended.record(()) }
            try await bus.shutdown(deadline: deadline)
        }
        guard let manual = bus.environment.clock as? ManualClock else {
            try await shutdown.value
            return true
        }
        // No timer of the shutdown's own is further away; those of others are left alone, to be found.
        let farthest = max(deadline, .seconds(1))
        let patience = max(self.patience, Self.leastPatience)
        var waited = Duration.zero
        while ended.count == 0 {
            await self.pause()
            waited += Self.interval
            if waited > patience * 2 {
                shutdown.cancel()
                return false
            }
            // While handlers work, time stands still: they would be cancelled before they had a chance.
            let mayAdvance = waited >= (bus.isIdle ? Self.head : patience)
            if mayAdvance, ended.count == 0, let next = manual.timeToNextTimer, next <= farthest {
                manual.advance(by: next)
            }
        }
        try await shutdown.value
        return true
    }

    /// What is left when tasks that are about to end have had their time.
    func remainingLeaks() async -> [Leak] {
        let end = self.clock.uptime() + self.patience
        while true {
            let leaks = self.bus.leaks()
            if leaks.isEmpty || self.clock.uptime() >= end { return leaks }
            await self.pause()
        }
    }

    private func pause() async {
        let (clock, over) = (self.clock, Pending<Bool>())
        clock.schedule(at: clock.uptime() + Self.interval) { over.resolve(true) }
        _ = await over.value()
    }
}
