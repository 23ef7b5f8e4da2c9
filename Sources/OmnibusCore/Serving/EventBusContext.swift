// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// Something that makes a bus for a while, and knows how to end it.
///
/// Use it through ``withEventBus(_:)``, which ends the bus on every path.
public protocol EventBusContext: Sendable {
    /// The type of bus.
    associatedtype Bus: EventPublishing

    /// Makes a bus, and connects it.
    func open() async throws -> Bus

    /// Ends a bus that ``open()`` has made; it does so to the end even if the calling task is cancelled.
    func close(_ bus: Bus) async throws
}

extension EventBusContext {
    /// Runs a function with a bus, and ends the bus on every path out of it.
    ///
    /// - Throws: what the function throws, or what opening and closing throw.
    @discardableResult
    public func withEventBus<Result>(_ body: (Bus) async throws -> Result) async throws -> Result {
        let bus = try await self.open()
        let result: Result
        do {
            result = try await body(bus)
        } catch {
            // What the function threw is what the caller needs to see.
            try? await self.close(bus)
            throw error
        }
        try await self.close(bus)
        return result
    }
}
