// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

public import CloudEvents

/// A bus as a service of a program: started, watched, changed and stopped as a whole.
///
/// `run()` fits a service group, whose services have a `run()` that ends with cancellation.
public protocol EventBusService: Sendable {
    /// The type of what the service is told.
    associatedtype Configuration: Sendable

    /// Whether the service takes messages now.
    var isRunning: Bool { get }

    /// What the service was told last.
    var configuration: Configuration { get }

    /// Starts the service, and returns when it takes messages.
    ///
    /// - Throws: ``OmnibusError`` with the code `alreadyRunning`, or whatever keeps it from starting.
    func start() async throws

    /// Stops the service, and returns when nothing of it runs any more; one that does not run is left alone.
    func stop() async throws

    /// Starts the service unless it runs, waits until it is stopped or the calling task is cancelled, and stops it.
    func run() async throws

    /// Changes what can be changed while the service runs.
    ///
    /// - Throws: ``OmnibusError`` with the code `unsupported`, naming everything that cannot be changed; nothing has
    ///   changed then.
    func update(_ configuration: Configuration) async throws

    /// Says how the service is, and what is stuck since when.
    func health() async -> EventBusHealth

    /// Counts what has happened since the service was started.
    ///
    /// - Throws: ``OmnibusError`` with the code `notRunning`, or whatever the provider throws.
    func metrics() async throws -> EventBusServiceMetrics
}

/// What a service has done.
public struct EventBusServiceMetrics: Sendable, Hashable {
    /// What has happened on the bus since it was started.
    public var bus: BusMetrics
    /// When the service was started last.
    public var startedAt: Timestamp
    /// How long the service has run since then.
    public var uptime: Duration
    /// How often the service was started.
    public var starts: Int

    /// Creates metrics of a service.
    public init(bus: BusMetrics, startedAt: Timestamp, uptime: Duration, starts: Int) {
        self.bus = bus
        self.startedAt = startedAt
        self.uptime = uptime
        self.starts = starts
    }
}
