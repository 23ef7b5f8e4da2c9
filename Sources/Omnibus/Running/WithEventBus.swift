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
    private let makeProvider: @Sendable () async throws -> any EventBusProvider
    private let environment: BusEnvironment
    private let settings: BusSettings
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
        self.settings = settings
        self.deadline = deadline
        self.makeProvider = provider ?? { InMemoryBroker(environment: environment) }
    }

    /// Makes a provider, connects it, and makes a bus over it.
    ///
    /// - Throws: what making the provider or connecting it throws.
    public func open() async throws -> EventBus {
        let provider = try await self.makeProvider()
        try await provider.connect()
        return EventBus(provider: provider, environment: self.environment, settings: self.settings)
    }

    /// Shuts a bus down and disconnects its provider, whether the shutdown succeeds or not.
    ///
    /// - Throws: what shutting down or disconnecting throws.
    public func close(_ bus: EventBus) async throws {
        let deadline = self.deadline
        // A task of its own, because a cancelled one would not wait for the shutdown.
        let ending = await self.environment.detach { try await bus.shutdown(deadline: deadline) }.result
        try await bus.provider.disconnect()
        _ = try ending.get()
    }
}
