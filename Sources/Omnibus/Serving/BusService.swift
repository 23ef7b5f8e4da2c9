// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

public import OmnibusCore
import Synchronization

/// A bus that is started, watched, changed and stopped as a whole.
///
/// ```swift
/// let service = BusService(log: try JSONLinesLog()) { bus in
///     try await bus.subscribe(to: TaskCreated.self) { task in print(task.taskID) }
/// }
/// try await service.run()        // until the task is cancelled, or somebody calls stop()
/// ```
///
/// Each start makes a new bus over a new provider, and has the subscriptions made anew; what a stopped one still held
/// in memory is gone.
public final class BusService: EventBusService {
    /// What the service is told: the settings of its bus.
    public typealias Configuration = BusSettings

    private enum Phase {
        /// Not started, or stopped.
        case idle
        case starting
        case running(EventBus)
        case stopping(EventBus)
    }

    private struct State {
        var phase = Phase.idle
        var settings: BusSettings
        /// What the service is made of, if that is a configuration.
        var plan: OmnibusCore.Configuration?
        var startedAt = Timestamp.epoch
        var started = Duration.zero
        var starts = 0
        /// Who waits for the end of a stop.
        var waiters: [Pending<Bool>] = []
    }

    private let state: Mutex<State>
    private let makeContext: @Sendable (BusSettings, OmnibusCore.Configuration?) -> BusContext
    /// What a configuration cannot say.
    private let ownSettings: BusSettings
    private let environment: BusEnvironment
    private let registry: BusRegistry?
    private let name: String
    private let log: (any EventBusLogEmitter)?
    private let setUp: @Sendable (EventBus) async throws -> Void

    /// Creates a service that does not run yet.
    ///
    /// - Parameters:
    ///   - settings: what the bus does unless a call says otherwise.
    ///   - deadline: how long handlers may take for what is there when the service is stopped.
    ///   - registry: where the bus is to be found while the service runs.
    ///   - name: the bus's name there, and the service's in the log.
    ///   - log: where starts, stops and the bus's signals are written.
    ///   - provider: makes the back end at each start; an in-memory broker unless said otherwise.
    ///   - setUp: subscribes; the service runs when it has returned, and does not start when it throws.
    public init(
        _ settings: BusSettings = BusSettings(),
        environment: BusEnvironment = .live,
        deadline: Duration = .seconds(30),
        registry: BusRegistry? = nil,
        name: String = BusRegistry.defaultName,
        log: (any EventBusLogEmitter)? = nil,
        provider: (@Sendable () async throws -> any EventBusProvider)? = nil,
        setUp: @escaping @Sendable (EventBus) async throws -> Void
    ) {
        self.state = Mutex(State(settings: settings))
        self.ownSettings = settings
        self.environment = environment
        self.registry = registry
        self.name = name
        self.log = log
        self.makeContext = { settings, _ in
            BusContext(environment: environment, settings: settings, deadline: deadline, provider: provider)
        }
        self.setUp = setUp
    }

    /// Creates a service whose provider, topics and settings are those of a configuration; it does not run yet.
    ///
    /// - Parameters:
    ///   - configuration: what the service is; ``update(_:)-(Configuration)`` changes it.
    ///   - providers: which back ends are linked.
    ///   - settings: what a configuration cannot say, such as a codec or middleware; what it does say comes first.
    ///   - deadline: how long handlers may take for what is there when the service is stopped.
    ///   - registry: where the bus is to be found while the service runs.
    ///   - name: the bus's name there, and the service's in the log.
    ///   - log: where starts, stops and the bus's signals are written; nil is what the configuration says of that.
    ///   - setUp: subscribes; the service runs when it has returned, and does not start when it throws.
    /// - Throws: ``OmnibusError`` with the code `invalidConfiguration` for what makes no sense, and for a log that cannot
    ///   be opened. What nothing linked honours is thrown by ``start()``.
    public init(
        configuration: OmnibusCore.Configuration,
        providers: ProviderRegistry = .standard,
        settings: BusSettings = BusSettings(),
        environment: BusEnvironment = .live,
        deadline: Duration = .seconds(30),
        registry: BusRegistry? = nil,
        name: String = BusRegistry.defaultName,
        log: (any EventBusLogEmitter)? = nil,
        setUp: @escaping @Sendable (EventBus) async throws -> Void
    ) throws(OmnibusError) {
        try configuration.validate()
        self.state = Mutex(State(settings: settings.configured(by: configuration.bus), plan: configuration))
        self.ownSettings = settings
        self.environment = environment
        self.registry = registry
        self.name = name
        // Not with `??`, which forgets the type of the error.
        if let log { self.log = log } else { self.log = try configuration.makeLog(environment) }
        self.makeContext = { settings, plan in
            let plan = plan ?? configuration
            return BusContext(exactly: settings, plan, providers, environment, deadline, isLogging: false)
        }
        self.setUp = setUp
    }

    /// The bus, while the service runs.
    ///
    /// - Throws: ``OmnibusError`` with the code `notRunning`.
    public var bus: EventBus {
        get throws(OmnibusError) {
            guard case .running(let bus) = self.state.withLock({ $0.phase }) else { throw self.notRunning() }
            return bus
        }
    }

    /// Whether the service runs and its bus takes messages.
    public var isRunning: Bool { (try? self.bus.takesMessages) ?? false }

    /// What the service was told last; what a start counts from.
    public var configuration: BusSettings { self.state.withLock { $0.settings } }

    // MARK: Starting and stopping

    /// Makes and connects a provider, makes a bus over it, subscribes, and registers the bus.
    ///
    /// When any of it throws, what was made is ended again, and the service does not run.
    ///
    /// - Throws: ``OmnibusError`` with the code `alreadyRunning` unless the service was stopped, or `alreadyRegistered`;
    ///   whatever making the provider, connecting it and `setUp` throw.
    public func start() async throws {
        let context = try self.state.withLock { state throws(OmnibusError) -> BusContext in
            guard case .idle = state.phase else {
                throw OmnibusError(
                    .alreadyRunning,
                    "The service '\(self.name)' runs already, or is being started or stopped; stop it before."
                )
            }
            state.phase = .starting
            return self.makeContext(state.settings, state.plan)
        }
        do {
            let bus = try await context.open()
            do {
                if let log = self.log { bus.log(to: log) }
                try await self.setUp(bus)
                try self.registry?.register(bus, as: self.name)
            } catch {
                try? await context.close(bus)
                throw error
            }
            self.state.withLock { state in
                state.phase = .running(bus)
                state.starts += 1
                state.startedAt = self.environment.clock.now
                state.started = self.environment.clock.uptime()
            }
            self.log?.emit(
                .info,
                "The service was started.",
                ["service": .string(self.name), "bus": .string(bus.busID)]
            )
        } catch {
            self.state.withLock { $0.phase = .idle }
            self.log?.emit(
                .error,
                "The service could not be started.",
                ["service": .string(self.name), "error": .string("\(error)")]
            )
            throw error
        }
    }

    /// Takes the bus out of the registry, shuts it down within the deadline, and disconnects the provider.
    ///
    /// It does all of that even if the calling task is cancelled. A service that does not run is left alone; while
    /// another call stops it, this one waits for that.
    ///
    /// - Throws: ``OmnibusError`` with the code `notRunning` while the service is being started, `wouldDeadlock` in a
    ///   handler of its bus, `cancelled` when the calling task is cancelled while it waits for another call; whatever
    ///   disconnecting throws.
    public func stop() async throws {
        enum Step { case nothing, end(EventBus), wait(Pending<Bool>) }
        let step = try self.state.withLock { state throws(OmnibusError) -> Step in
            switch state.phase {
            case .idle: return .nothing
            case .starting: throw self.notRunning()
            case .running(let bus):
                guard DeliveryScope.active?.owner != ObjectIdentifier(bus) else {
                    throw OmnibusError(
                        .wouldDeadlock,
                        "stop would wait for the handler that calls it; call it outside of the bus's handlers."
                    )
                }
                state.phase = .stopping(bus)
                return .end(bus)
            case .stopping:
                let waiter = Pending<Bool>()
                state.waiters.append(waiter)
                return .wait(waiter)
            }
        }
        switch step {
        case .nothing: return
        case .wait(let waiter):
            guard await waiter.value(whenCancelled: false) else {
                throw OmnibusError(.cancelled, "The task was cancelled while it waited for the stop, which goes on.")
            }
        case .end(let bus):
            if self.registry?.isRegistered(bus, as: self.name) == true { self.registry?.remove(self.name) }
            let context = self.state.withLock { self.makeContext($0.settings, $0.plan) }
            let ending = await self.environment.detach { try await context.close(bus) }.result
            let waiters = self.state.withLock { state in
                state.phase = .idle
                defer { state.waiters = [] }
                return state.waiters
            }
            for waiter in waiters { waiter.resolve(true) }
            self.log?.emit(
                .info,
                "The service was stopped.",
                ["service": .string(self.name), "bus": .string(bus.busID)]
            )
            try ending.get()
        }
    }

    /// Starts the service unless it runs, waits for its end, and stops it.
    ///
    /// It ends with ``stop()``, with a shutdown of the bus, and when the calling task is cancelled; so it fits a group of
    /// services that ends them by cancellation. For one that asks first, call ``stop()`` when it does.
    ///
    /// - Throws: as ``start()`` and ``stop()``.
    public func run() async throws {
        if !self.isRunning { try await self.start() }
        guard let bus = try? self.bus else { return }
        _ = await bus.closing.value()
        try await self.stop()
    }

    // MARK: Watching and changing

    /// Changes what can be changed while the service runs; see ``EventBus/update(_:)``. A service that does not run
    /// takes anything, for its next start.
    ///
    /// - Throws: as ``EventBus/update(_:)``. Nothing has changed then.
    public func update(_ configuration: BusSettings) async throws {
        try configuration.validateDefaults()
        if let bus = try? self.bus { try bus.update(configuration) }
        self.state.withLock { $0.settings = configuration }
        self.log?.emit(.info, "The service was told something else.", ["service": .string(self.name)])
    }

    /// Changes what a configuration says of the bus, as far as it can be changed while the service runs. A service that
    /// does not run takes any configuration, for its next start.
    ///
    /// - Throws: ``OmnibusError`` with the code `invalidConfiguration` for what makes no sense; `unsupported`, naming
    ///   every section and every setting that differs and cannot be changed while the service runs, or for a service
    ///   that was not made of a configuration. Nothing has changed then.
    public func update(_ configuration: OmnibusCore.Configuration) async throws {
        try configuration.validate()
        guard let plan = self.state.withLock({ $0.plan }) else {
            throw OmnibusError(
                .unsupported,
                "The service '\(self.name)' was not made of a configuration; hand it 'BusSettings', or make it of one.",
                details: "configuration"
            )
        }
        let settings = self.ownSettings.configured(by: configuration.bus)
        let fixed = self.isRunning ? configuration.differingSections(from: plan) : []
        guard fixed.isEmpty else {
            throw OmnibusError(
                .unsupported,
                """
                While the service '\(self.name)' runs, \(fixed.map { "'\($0)'" }.joined(separator: ", ")) of its \
                configuration cannot be changed; stop and start it.
                """,
                details: fixed.first
            )
        }
        try await self.update(settings)
        self.state.withLock { $0.plan = configuration }
    }

    /// Says how the bus is, and what is stuck since when; down where the service does not run.
    public func health() async -> EventBusHealth {
        guard let bus = try? self.bus else {
            let name = "the service '\(self.name)' does not run"
            return EventBusHealth([EventBusHealth.Finding(.closed, name: name)], at: self.environment.clock.now)
        }
        return bus.health()
    }

    /// Counts what has happened on the bus since the service was started last.
    ///
    /// - Throws: ``OmnibusError`` with the code `notRunning`, or whatever the provider throws.
    public func metrics() async throws -> EventBusServiceMetrics {
        let metrics = try await self.bus.metrics()
        let uptime = self.environment.clock.uptime()
        return self.state.withLock { state in
            EventBusServiceMetrics(
                bus: metrics,
                startedAt: state.startedAt,
                uptime: uptime - state.started,
                starts: state.starts
            )
        }
    }

    private func notRunning() -> OmnibusError {
        OmnibusError(
            .notRunning,
            "The service '\(self.name)' does not run; wait for 'start()' to return, or call it.",
            advice: .retry(after: nil)
        )
    }
}

extension Configuration {
    /// The sections that differ, but for that of the bus.
    func differingSections(from other: Configuration) -> [String] {
        var names: [String] = []
        if self.broker != other.broker { names.append("broker") }
        if self.durability != other.durability { names.append("durability") }
        if self.security != other.security { names.append("security") }
        if self.monitoring != other.monitoring { names.append("monitoring") }
        if self.topics != other.topics { names.append("topics") }
        return names
    }
}

extension BusRegistry {
    /// Whether it is this bus that has the name.
    func isRegistered(_ bus: EventBus, as name: String) -> Bool {
        self.entry(name) === bus
    }
}
