// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// Runs a function with a bus, and shuts the bus down on every path out of it.
///
/// The provider is connected before and disconnected after, whether the function returns or throws.
///
/// - Parameters:
///   - provider: the back end; an in-memory broker unless said otherwise.
///   - settings: what the bus does unless a call says otherwise.
///   - deadline: how long handlers may take for what is there when the function is done.
/// - Throws: what the function throws, or what connecting and disconnecting throw.
@discardableResult
public func withEventBus<Result>(
    provider: (any EventBusProvider)? = nil,
    environment: BusEnvironment = .live,
    settings: BusSettings = BusSettings(),
    deadline: Duration = .seconds(30),
    _ body: (EventBus) async throws -> Result
) async throws -> Result {
    let context = BusContext(environment: environment, settings: settings, deadline: deadline) {
        provider ?? InMemoryBroker(environment: environment)
    }
    return try await context.withEventBus(body)
}

/// Makes a bus over a provider of its own, as often as it is asked to.
///
/// ```swift
/// let context = BusContext(settings: BusSettings(source: "orders"))
/// try await context.withEventBus { bus in try await bus.publish(TaskCreated(taskID: "1", prompt: "…")) }
/// ```
public struct BusContext: EventBusContext {
    private let makeBus: @Sendable () async throws -> EventBus
    private let environment: BusEnvironment
    private let deadline: Duration

    /// Creates a context.
    ///
    /// - Parameters:
    ///   - deadline: how long handlers may take for what is there when a bus is closed.
    ///   - provider: makes the back end of each bus; an in-memory broker unless said otherwise.
    public init(
        environment: BusEnvironment = .live,
        settings: BusSettings = BusSettings(),
        deadline: Duration = .seconds(30),
        provider: (@Sendable () async throws -> any EventBusProvider)? = nil
    ) {
        self.environment = environment
        self.deadline = deadline
        self.makeBus = {
            let provider = try await provider?() ?? InMemoryBroker(environment: environment)
            try await provider.connect()
            return EventBus(provider: provider, environment: environment, settings: settings)
        }
    }

    /// Creates a context whose buses are made of a configuration, as ``EventBus/init(configuration:registry:environment:settings:)``
    /// does, and connected.
    ///
    /// - Parameters:
    ///   - registry: which back ends are linked.
    ///   - settings: what a configuration cannot say; what it does say comes first.
    ///   - deadline: how long handlers may take for what is there when a bus is closed.
    public init(
        configuration: Configuration,
        registry: ProviderRegistry = .standard,
        environment: BusEnvironment = .live,
        settings: BusSettings = BusSettings(),
        deadline: Duration = .seconds(30)
    ) {
        let settings = settings.configured(by: configuration.bus)
        self.init(exactly: settings, configuration, registry, environment, deadline, isLogging: true)
    }

    /// Creates a context whose buses do what a configuration says but for the bus's own settings.
    init(
        exactly settings: BusSettings,
        _ configuration: Configuration,
        _ registry: ProviderRegistry,
        _ environment: BusEnvironment,
        _ deadline: Duration,
        isLogging: Bool
    ) {
        self.environment = environment
        self.deadline = deadline
        self.makeBus = {
            let log = isLogging ? try configuration.makeLog(environment) : nil
            let bus = try EventBus(configuration, registry, environment, exactly: settings)
            if let log { bus.log(to: log) }
            do {
                try await bus.connect()
            } catch {
                _ = try? await bus.shutdown(deadline: .zero)
                throw error
            }
            return bus
        }
    }

    /// Makes a provider, connects it, and makes a bus over it.
    ///
    /// - Throws: what making the provider or connecting it throws; with a configuration, what that asks for and nothing
    ///   linked honours.
    public func open() async throws -> EventBus {
        try await self.makeBus()
    }

    /// Shuts a bus down and disconnects its provider, whether the shutdown succeeds or not.
    ///
    /// - Throws: what shutting down or disconnecting throws.
    public func close(_ bus: EventBus) async throws {
        let deadline = self.deadline
        // A task of its own, because a cancelled one would not wait for the shutdown.
        let ending = await self.environment.detach { try await bus.shutdown(deadline: deadline) }.result
        // One that is the bus's own was disconnected with it.
        if !bus.ownsProvider { try await bus.provider.disconnect() }
        _ = try ending.get()
    }
}
