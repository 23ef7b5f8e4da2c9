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
    let provider = provider ?? InMemoryBroker(environment: environment)
    try await provider.connect()
    let bus = EventBus(provider: provider, environment: environment, settings: settings)
    // A task of its own, because a cancelled one would not wait for the shutdown.
    @Sendable func close() async throws {
        _ = try await environment.detach { try await bus.shutdown(deadline: deadline) }.value
    }
    let result: Result
    do {
        result = try await body(bus)
    } catch {
        // What the function threw is what the caller needs to see.
        _ = try? await close()
        try? await provider.disconnect()
        throw error
    }
    try await close()
    try await provider.disconnect()
    return result
}
