// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

public import OmnibusCore
import Synchronization

extension BusService {
    /// Changes what can be changed while the service runs; see ``EventBus/update(_:)``. A service that does not run
    /// takes anything, for its next start.
    ///
    /// Of a service made of a configuration, these settings count as they are; a configuration that it is told later
    /// counts for what it says, and leaves them the rest.
    ///
    /// - Throws: as ``EventBus/update(_:)``; or ``OmnibusError`` with the code `notRunning` while the service is being
    ///   started. Nothing has changed then.
    public func update(_ configuration: BusSettings) async throws {
        try configuration.validateDefaults()
        try self.change { before throws(OmnibusError) in
            try before.bus?.check(configuration)
            return Change(
                settings: configuration,
                toldSettings: configuration,
                busConfiguration: before.busConfiguration
            )
        }
    }

    /// Changes what a configuration says of the bus, as far as it can be changed while the service runs. A service that
    /// does not run takes any configuration, for its next start.
    ///
    /// A configuration counts for what it says; what it does not say of the bus is as in the settings told last, when
    /// the service was made or by ``update(_:)-(BusSettings)``.
    ///
    /// - Throws: ``OmnibusError`` with the code `invalidConfiguration` for what makes no sense; `unsupported`, naming
    ///   every section and every setting that differs and cannot be changed while the service runs, or for a service
    ///   that was not made of a configuration; `notRunning` while the service is being started. Nothing has changed
    ///   then.
    public func update(_ configuration: OmnibusCore.Configuration) async throws {
        try configuration.validate()
        try self.change { before throws(OmnibusError) in
            guard before.busConfiguration != nil else {
                throw OmnibusError(
                    .unsupported,
                    """
                    The service '\(self.name)' was not made of a configuration; hand it 'BusSettings', or make it of one.
                    """,
                    details: "configuration"
                )
            }
            let settings = before.toldSettings.configured(by: configuration.bus)
            try settings.validateDefaults()
            try self.check(configuration, settings, for: before.bus)
            return Change(settings: settings, toldSettings: before.toldSettings, busConfiguration: configuration)
        }
    }

    /// Checks that a configuration differs only in what can be changed while the service runs.
    private func check(
        _ configuration: OmnibusCore.Configuration,
        _ settings: BusSettings,
        for bus: EventBus?
    ) throws(OmnibusError) {
        guard let bus, let busConfiguration = bus.configuration else { return }
        let fixed =
            configuration.differingSections(from: busConfiguration) + settings.fixedDifferences(from: bus.settings)
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
    }

    /// What an update finds.
    private struct Before {
        /// The bus that runs, if one does.
        var bus: EventBus?
        var toldSettings: BusSettings
        var busConfiguration: OmnibusCore.Configuration?
        var revision: Int
    }

    /// What an update makes of it.
    private struct Change {
        var settings: BusSettings
        var toldSettings: BusSettings
        var busConfiguration: OmnibusCore.Configuration?
    }

    /// Decides on a change outside of the lock, and has it count unless something else has changed meanwhile; then it
    /// is decided anew.
    private func change(_ decide: (Before) throws(OmnibusError) -> Change) throws(OmnibusError) {
        while true {
            let before = try self.before()
            let change = try decide(before)
            let isTaken = self.state.withLock { state in
                guard state.revision == before.revision else { return false }
                before.bus?.changedSettings.withLock { $0 = change.settings }
                state.settings = change.settings
                state.toldSettings = change.toldSettings
                state.busConfiguration = change.busConfiguration
                state.revision += 1
                return true
            }
            if isTaken { break }
        }
        self.log?.emit(.info, "The service was told something else.", ["service": .string(self.name)])
    }

    private func before() throws(OmnibusError) -> Before {
        try self.state.withLock { state throws(OmnibusError) in
            let bus: EventBus?
            switch state.phase {
            case .idle, .stopping: bus = nil
            case .running(let running): bus = running
            case .starting:
                throw OmnibusError(
                    .notRunning,
                    "The service '\(self.name)' is being started; wait for 'start()' to return, and update it then.",
                    advice: .retry(after: nil)
                )
            }
            return Before(
                bus: bus,
                toldSettings: state.toldSettings,
                busConfiguration: state.busConfiguration,
                revision: state.revision
            )
        }
    }

    /// Says how the bus is, and what is stuck since when; down where the service does not run, and since when.
    ///
    /// While the service is being started or stopped, it is down too, and the findings of its bus are there beside that.
    public func health() async -> EventBusHealth {
        let (phase, since) = self.state.withLock { ($0.phase, $0.since) }
        let bus: EventBus?
        let state: String
        switch phase {
        case .running(let bus): return bus.health()
        case .idle: (bus, state) = (nil, "does not run")
        case .starting(let opened): (bus, state) = (opened, "is being started")
        case .stopping(let stopping): (bus, state) = (stopping, "is being stopped")
        }
        let findings = bus?.health().findings.filter { $0.kind != .closed } ?? []
        let closed = EventBusHealth.Finding(.closed, name: "the service '\(self.name)' \(state)", since: since)
        return EventBusHealth(findings + [closed], at: self.environment.clock.now)
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
