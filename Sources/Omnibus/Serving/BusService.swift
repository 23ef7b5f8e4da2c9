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

    enum Phase {
        /// Not started, or stopped.
        case idle
        /// On the way, with a bus once there is one.
        case starting(EventBus?)
        case running(EventBus)
        case stopping(EventBus)
    }

    struct State {
        var phase = Phase.idle { didSet { self.revision += 1 } }
        /// Counts what has changed, so that nobody decides on what is no more.
        var revision = 0
        /// Since when the service is stopped, being started or being stopped; nil where it never did anything.
        var since: Timestamp?
        /// What a start counts from.
        var settings: BusSettings
        /// The settings told last, without what a configuration says instead.
        var toldSettings: BusSettings
        /// What the service is made of, if that is a configuration.
        var busConfiguration: OmnibusCore.Configuration?
        /// The log of the last start; before the first one, the one that was handed in.
        var log: (any EventBusLogEmitter)?
        var startedAt = Timestamp.epoch
        var started = Duration.zero
        var starts = 0
        /// Ends a start early; nil while nothing is started.
        var stopRequest: Pending<Bool>?
        /// Whether a stop waits for the start that is on the way.
        var isStopWanted = false
        /// Who waits for the end of a stop, or of a start that is to be stopped.
        var waiters: [Pending<Bool>] = []

        init(_ settings: BusSettings, told: BusSettings, busConfiguration: OmnibusCore.Configuration? = nil) {
            self.settings = settings
            self.toldSettings = told
            self.busConfiguration = busConfiguration
        }

        /// Goes back to where the service does not run; returns who waited for that.
        mutating func becomeIdle(_ now: Timestamp) -> [Pending<Bool>] {
            self.phase = .idle
            self.since = now
            self.stopRequest = nil
            self.isStopWanted = false
            defer { self.waiters = [] }
            return self.waiters
        }
    }

    let state: Mutex<State>
    let environment: BusEnvironment
    let name: String
    private let makeContext: @Sendable (BusSettings, OmnibusCore.Configuration?) -> BusContext
    private let makeLog: @Sendable (OmnibusCore.Configuration?) throws(OmnibusError) -> (any EventBusLogEmitter)?
    private let registry: BusRegistry?
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
        var state = State(settings, told: settings)
        state.log = log
        self.state = Mutex(state)
        self.environment = environment
        self.registry = registry
        self.name = name
        self.makeLog = { _ in log }
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
    ///   - log: where starts, stops and the bus's signals are written; nil is what the configuration says of that,
    ///     opened anew at each start.
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
        var state = State(settings.configured(by: configuration.bus), told: settings, busConfiguration: configuration)
        let makeLog: @Sendable (OmnibusCore.Configuration?) throws(OmnibusError) -> (any EventBusLogEmitter)? = {
            busConfiguration throws(OmnibusError) in
            // Not with `??`, which forgets the type of the error.
            if let log { return log }
            return try busConfiguration?.makeLog(environment)
        }
        // Opened here too, so that what cannot be opened is found before anything starts.
        state.log = try makeLog(configuration)
        self.state = Mutex(state)
        self.environment = environment
        self.registry = registry
        self.name = name
        self.makeLog = makeLog
        self.makeContext = { settings, busConfiguration in
            let busConfiguration = busConfiguration ?? configuration
            return BusContext(exactly: settings, busConfiguration, providers, environment, deadline, isLogging: false)
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

    /// The settings that the service was told last; what a start counts from.
    ///
    /// Of a service made of a configuration, they are those that were told with what the configuration says instead;
    /// ``busConfiguration`` has all of the latter.
    public var configuration: BusSettings { self.state.withLock { $0.settings } }

    /// The configuration that the service was made of, or was told last; nil for one that was made of settings.
    ///
    /// What ``update(_:)-(BusSettings)`` has changed since then is not in it: ``configuration`` has that.
    public var busConfiguration: OmnibusCore.Configuration? { self.state.withLock { $0.busConfiguration } }

    /// Where starts, stops and changes are written.
    var log: (any EventBusLogEmitter)? { self.state.withLock { $0.log } }

    // MARK: Starting and stopping

    /// Makes and connects a provider, makes a bus over it, subscribes, and registers the bus.
    ///
    /// When any of it throws, or somebody calls ``stop()`` meanwhile, what was made is ended again, and the service does
    /// not run.
    ///
    /// - Throws: ``OmnibusError`` with the code `alreadyRunning` unless the service was stopped, `alreadyRegistered`, or
    ///   `cancelled` where the service was stopped while it was being started; with `invalidConfiguration` for a log
    ///   that cannot be opened any more; whatever making the provider, connecting it and `setUp` throw.
    public func start() async throws {
        guard try await self.begin() else {
            throw OmnibusError(.cancelled, "The service '\(self.name)' was stopped while it was being started.")
        }
    }

    /// Starts the service; returns false where it was stopped meanwhile.
    private func begin() async throws -> Bool {
        let request = Pending<Bool>()
        let (settings, busConfiguration) = try self.state.withLock { state throws(OmnibusError) in
            guard case .idle = state.phase else {
                throw OmnibusError(
                    .alreadyRunning,
                    "The service '\(self.name)' runs already, or is being started or stopped; stop it before."
                )
            }
            state.phase = .starting(nil)
            state.since = self.environment.clock.now
            state.stopRequest = request
            return (state.settings, state.busConfiguration)
        }
        let context = self.makeContext(settings, busConfiguration)
        let bus: EventBus
        do {
            let log = try self.makeLog(busConfiguration)
            self.state.withLock { $0.log = log }
            bus = try await self.open(context, until: request)
        } catch {
            let (isStopWanted, waiters) = self.state.withLock { ($0.isStopWanted, $0.becomeIdle(self.now)) }
            for waiter in waiters { waiter.resolve(true) }
            // What it threw came of its having been cancelled.
            if isStopWanted {
                self.tellStopped()
                return false
            }
            self.log?.emit(
                .error,
                "The service could not be started.",
                ["service": .string(self.name), "error": .string("\(error)")]
            )
            throw error
        }
        let isRunning = self.state.withLock { state in
            state.phase = state.isStopWanted ? .stopping(bus) : .running(bus)
            if state.isStopWanted { return false }
            state.stopRequest = nil
            state.starts += 1
            state.startedAt = self.environment.clock.now
            state.started = self.environment.clock.uptime()
            return true
        }
        guard isRunning else {
            _ = await self.end(bus, context)
            return false
        }
        self.log?.emit(.info, "The service was started.", self.logValues(bus))
        return true
    }

    /// Opens a bus and has it set up; what that waits for is cancelled when somebody asks for a stop.
    private func open(_ context: BusContext, until request: Pending<Bool>) async throws -> EventBus {
        try await withThrowingTaskGroup(of: EventBus?.self) { group in
            group.addTask { try await self.open(context) }
            group.addTask {
                _ = await request.value(whenCancelled: false)
                return nil
            }
            defer { group.cancelAll() }
            while let opened = try await group.next() {
                if let bus = opened { return bus }
                group.cancelAll()
            }
            throw OmnibusError(.cancelled, "The service '\(self.name)' was not started.")
        }
    }

    private func open(_ context: BusContext) async throws -> EventBus {
        let bus = try await context.open()
        self.state.withLock { $0.phase = .starting(bus) }
        do {
            if let log = self.log { bus.log(to: log) }
            try await self.setUp(bus)
            try self.registry?.register(bus, as: self.name)
        } catch {
            // A task of its own, because this one may have been cancelled.
            _ = await self.environment.detach { try await context.close(bus) }.result
            throw error
        }
        return bus
    }

    /// Takes the bus out of the registry, shuts it down within the deadline, and disconnects the provider.
    ///
    /// It does all of that even if the calling task is cancelled. A service that does not run is left alone; while
    /// another call stops it, this one waits for that. While the service is being started, the task that `setUp` and
    /// connecting run in is cancelled, and this call waits until nothing is left of it: a call in `setUp` itself throws
    /// `cancelled`, and the service is stopped.
    ///
    /// - Throws: ``OmnibusError`` with the code `wouldDeadlock` in a handler of its bus, `cancelled` when the calling
    ///   task is cancelled while it waits for another call; whatever disconnecting throws.
    public func stop() async throws {
        enum Step { case nothing, end(EventBus, BusContext), wait(Pending<Bool>, request: Pending<Bool>?) }
        let step = try self.state.withLock { state throws(OmnibusError) -> Step in
            let waiter = Pending<Bool>()
            switch state.phase {
            case .idle: return .nothing
            case .starting(let bus):
                if let bus { try Self.checkCaller(bus) }
                state.isStopWanted = true
                state.waiters.append(waiter)
                return .wait(waiter, request: state.stopRequest)
            case .running(let bus):
                try Self.checkCaller(bus)
                state.phase = .stopping(bus)
                state.since = self.environment.clock.now
                return .end(bus, self.makeContext(state.settings, state.busConfiguration))
            case .stopping(let bus):
                try Self.checkCaller(bus)
                state.waiters.append(waiter)
                return .wait(waiter, request: nil)
            }
        }
        switch step {
        case .nothing: return
        case .wait(let waiter, let request):
            request?.resolve(true)
            guard await waiter.value(whenCancelled: false) else {
                throw OmnibusError(.cancelled, "The task was cancelled while it waited for the stop, which goes on.")
            }
        case .end(let bus, let context): try await self.end(bus, context).get()
        }
    }

    /// Ends a bus, and tells those who wait for that.
    private func end(_ bus: EventBus, _ context: BusContext) async -> Result<Void, any Error> {
        if self.registry?.isRegistered(bus, as: self.name) == true { self.registry?.remove(self.name) }
        let ending = await self.environment.detach { try await context.close(bus) }.result
        let waiters = self.state.withLock { $0.becomeIdle(self.now) }
        for waiter in waiters { waiter.resolve(true) }
        self.tellStopped(bus)
        return ending
    }

    /// Starts the service unless it runs, waits for its end, and stops it.
    ///
    /// It ends with ``stop()``, also where that comes while the service is being started, with a shutdown of the bus,
    /// and when the calling task is cancelled; so it fits a group of services that ends them by cancellation. For one
    /// that asks first, call ``stop()`` when it does.
    ///
    /// - Throws: as ``start()`` and ``stop()``.
    public func run() async throws {
        if !self.isRunning { guard try await self.begin() else { return } }
        if let bus = try? self.bus { _ = await bus.closing.value() }
        // A task of its own, because what waits for another stop in a cancelled one would end at once.
        try await self.environment.detach { try await self.stop() }.value
    }

    // MARK: Parts

    private static func checkCaller(_ bus: EventBus) throws(OmnibusError) {
        guard DeliveryScope.active?.owner == ObjectIdentifier(bus) else { return }
        throw OmnibusError(
            .wouldDeadlock,
            "stop would wait for the handler that calls it; call it outside of the bus's handlers."
        )
    }

    private var now: Timestamp { self.environment.clock.now }

    private func logValues(_ bus: EventBus?) -> JSONObject {
        var values: JSONObject = ["service": .string(self.name)]
        if let bus { values["bus"] = .string(bus.busID) }
        return values
    }

    private func tellStopped(_ bus: EventBus? = nil) {
        self.log?.emit(.info, "The service was stopped.", self.logValues(bus))
    }

    func notRunning() -> OmnibusError {
        OmnibusError(
            .notRunning,
            "The service '\(self.name)' does not run; wait for 'start()' to return, or call it.",
            advice: .retry(after: nil)
        )
    }
}

extension BusRegistry {
    /// Whether it is this bus that has the name.
    func isRegistered(_ bus: EventBus, as name: String) -> Bool {
        self.entry(name) === bus
    }
}
