// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

public import Omnibus
import Synchronization

/// What every provider promises, as a suite of scenarios that whoever writes one can run.
///
/// ```swift
/// @Suite("MyBroker")
/// struct MyBrokerTests {
///     static let conformance = ProviderConformance { _ in try await MyBroker(host: "127.0.0.1") }
///
///     @Test("keeps what a provider promises", arguments: ProviderConformance.cases)
///     func conforms(_ promise: ProviderConformance.Case) async throws {
///         let outcome = try await Self.conformance.run(promise)
///         if let reason = outcome.reason { print("skipped: \(promise): \(reason)") }
///     }
/// }
/// ```
///
/// Each scenario runs on a provider of its own, freshly made, with topics that begin like no other's, so that runs may
/// share a server. It runs on the bare provider and through ``EventBus``: what the provider does not declare is skipped
/// on the former, and on the latter it works all the same or is refused by name.
public struct ProviderConformance: Sendable {
    /// The time that providers under test live in.
    public enum Time: Sendable, Hashable {
        /// A clock that the suite moves: nothing waits, whatever the delays are.
        case manual
        /// The machine's own, for providers that talk to a server; delays are short ones then.
        case real
    }

    /// How a provider is spoken to.
    public enum Way: String, Sendable, Hashable, CaseIterable {
        /// Directly, by the calls of ``EventBusProvider`` and ``ProviderSubscription``.
        case bare
        /// By way of an ``EventBus``.
        case bus
    }

    /// How a scenario ended that did not fail.
    public enum Outcome: Sendable, Hashable {
        /// The promise holds.
        case passed
        /// The promise was not given, for this reason.
        case skipped(String)

        /// Why it was skipped; nil when it passed.
        public var reason: String? {
            if case .skipped(let reason) = self { return reason }
            return nil
        }
    }

    let time: Time
    let limit: Duration
    let make: @Sendable (BusEnvironment) async throws -> any EventBusProvider
    let tearDown: @Sendable (any EventBusProvider, String) async throws -> Void

    /// Creates a suite for one kind of provider.
    ///
    /// - Parameters:
    ///   - time: the time that the provider can live in; `.manual` where it takes its clock from the environment.
    ///   - limit: how long one scenario may take before it counts as failed, on the machine's clock.
    ///   - tearDown: what is called at the end of each scenario, whatever came of it, with the provider and the prefix
    ///     of the scenario's topics; it disconnects the provider unless said otherwise.
    ///   - make: makes a provider that has nothing in it, in the environment that it is given. The suite connects it.
    public init(
        time: Time = .real,
        limit: Duration = .seconds(30),
        tearDown: @escaping @Sendable (any EventBusProvider, _ prefix: String) async throws -> Void = { provider, _ in
            try await provider.disconnect()
        },
        make: @escaping @Sendable (BusEnvironment) async throws -> any EventBusProvider
    ) {
        self.time = time
        self.limit = limit
        self.make = make
        self.tearDown = tearDown
    }

    /// Runs a scenario in one way.
    ///
    /// - Throws: ``ConformanceFailure`` when the promise does not hold.
    @discardableResult
    public func run(_ promise: Case) async throws -> Outcome {
        try await self.run(promise.scenario, promise.way)
    }

    /// Runs a scenario in one way.
    ///
    /// - Throws: ``ConformanceFailure`` when the promise does not hold.
    @discardableResult
    public func run(_ scenario: Scenario, _ way: Way) async throws -> Outcome {
        guard scenario.ways.contains(way) else { return .skipped("It says nothing about this way: \(way).") }
        let time = ConformanceTime(self.time)
        let provider: any EventBusProvider
        do {
            provider = try await self.make(time.environment)
            try await provider.connect()
        } catch {
            throw ConformanceFailure(
                scenario: scenario.name,
                way: way,
                provider: "?",
                expected: "a provider that is made and connects",
                found: "\(error)"
            )
        }
        let missing = scenario.needs.filter { !provider.capabilities.keeps($0) }
        let run = ConformanceRun(scenario, way, provider, time)
        let result: Result<Void, any Error>
        if way == .bare, !missing.isEmpty {
            result = .failure(ConformanceSkip("It needs \(Self.list(missing)), which is not declared."))
        } else {
            result = await Self.result(within: self.limit) { try await scenario.body(run) }
        }
        let end = await Self.result(within: self.limit) {
            await run.cancelAll()
            try await self.tearDown(provider, run.prefix)
        }
        let outcome = try self.judge(result, run, missing: missing)
        if case .failure(let error) = end { throw run.failure("a teardown that succeeds", "\(error)") }
        return outcome
    }

    /// Says what the end of a scenario means.
    private func judge(_ result: Result<Void, any Error>, _ run: ConformanceRun, missing: [Capability]) throws
        -> Outcome
    {
        switch result {
        case .success:
            return .passed
        case .failure(let skip as ConformanceSkip):
            return .skipped(skip.reason)
        case .failure(let finding as ConformanceFinding):
            throw run.failure(finding.expected, finding.found, at: finding.callSite, missing: missing)
        case .failure(is TimedOut):
            throw run.failure(
                "an end within \(self.limit)",
                "it still waited, after the last step below",
                missing: missing
            )
        case .failure(let error as OmnibusError) where error.code == .unsupported:
            let name = error.details as? String
            if run.way == .bus, missing.contains(where: { $0.rawValue == name }) {
                return .skipped("'\(name ?? "?")' is refused by name, as it is not declared.")
            }
            if run.hostsQueue, name == Capability.overflow.rawValue {
                return .skipped("The queue is in the bus, which cannot refuse a publisher: \(error.message)")
            }
            throw run.failure("no refusal of what is declared, or not asked for", "\(error)", missing: missing)
        case .failure(let error):
            throw run.failure("no error", "\(error)", missing: missing)
        }
    }

    private struct TimedOut: Error {}

    /// Runs a function, and goes on without it when it takes too long.
    private static func result(
        within limit: Duration,
        _ body: @escaping @Sendable () async throws -> Void
    ) async -> Result<Void, any Error> {
        let ended = Pending<Result<Void, any Error>>()
        let work = Task {
            do {
                try await body()
                ended.resolve(.success(()))
            } catch {
                ended.resolve(.failure(error))
            }
        }
        let watch = Task {
            try await Task.sleep(for: limit)
            ended.resolve(.failure(TimedOut()))
        }
        defer {
            watch.cancel()
            work.cancel()
        }
        return await ended.value(whenCancelled: .failure(CancellationError()))
    }

    static func list(_ capabilities: [Capability]) -> String {
        capabilities.map { "'\($0)'" }.joined(separator: ", ")
    }
}

extension ProviderCapabilities {
    /// Whether a promise is given.
    ///
    /// A provider that assigns keys to members hands out several messages of a key to one of them.
    fileprivate func keeps(_ capability: Capability) -> Bool {
        guard capability == .keyExclusivity else { return self.has(capability) }
        return self.keyExclusivity == .perProcess || self.keyExclusivity == .global
    }
}
