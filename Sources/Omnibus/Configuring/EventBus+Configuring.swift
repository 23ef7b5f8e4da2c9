// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

extension EventBus {
    /// Creates a bus, and the provider that a configuration names, with everything that the configuration says.
    ///
    /// The provider is the bus's own: shutting the bus down disconnects it. The in-memory one is connected from birth
    /// and has its topics at once; others are connected, and have their topics created, by ``connect()`` or
    /// ``connect(retrying:)``.
    ///
    /// - Parameters:
    ///   - registry: which back ends are linked.
    ///   - settings: what a configuration cannot say, such as a codec or middleware; what it does say comes first.
    /// - Throws: ``OmnibusError`` with the code `invalidConfiguration` for what makes no sense, and for a log that cannot
    ///   be opened; with the code
    ///   `unsupported`, naming every part that nothing linked here honours, and what to add (`details` is the name of
    ///   the first, a `String`); or what the provider's factory throws.
    public convenience init(
        configuration: Configuration,
        registry: ProviderRegistry = .standard,
        environment: BusEnvironment = .live,
        settings: BusSettings = BusSettings()
    ) throws(OmnibusError) {
        try self.init(configuration, registry, environment, exactly: settings.configured(by: configuration.bus))
        if let log = try configuration.makeLog(environment) { self.log(to: log) }
    }

    /// Creates a bus with everything that a configuration says but for the bus's own settings, and without its log.
    convenience init(
        _ configuration: Configuration,
        _ registry: ProviderRegistry,
        _ environment: BusEnvironment,
        exactly settings: BusSettings
    ) throws(OmnibusError) {
        try configuration.validate()
        let provider = try configuration.makeProvider(registry, environment)
        self.init(provider, environment, settings, ownsProvider: true, configuration: configuration)
        try self.memory?.createTopics(configuration)
    }

    /// Connects the provider, and creates the topics of the configuration that the bus was made with.
    ///
    /// - Throws: whatever the provider throws.
    public func connect() async throws(OmnibusError) {
        try await self.provider.connect()
        try await self.createTopics()
    }

    /// Connects the provider, tries again while that fails and may yet succeed, and creates the configured topics.
    ///
    /// - Parameter policy: how often to try in all, and how long to wait in between, on the bus's clock.
    /// - Throws: as ``EventBusProvider/connect(retrying:environment:)``.
    public func connect(retrying policy: FailurePolicy) async throws(OmnibusError) {
        try await self.provider.connect(retrying: policy, environment: self.environment)
        try await self.createTopics()
    }

    private func createTopics() async throws(OmnibusError) {
        // The in-memory broker has them from the start.
        guard self.memory == nil, let configuration = self.configuration else { return }
        let policy = configuration.durability?.retentionPolicy
        for topic in configuration.topics {
            _ = try await self.provider.createTopic(topic.name, topic.configuration(policy))
        }
    }
}

extension Configuration {
    /// Makes the provider, after everything was found that nobody honours.
    func makeProvider(
        _ registry: ProviderRegistry,
        _ environment: BusEnvironment
    ) throws(OmnibusError) -> any EventBusProvider {
        let backend = try self.chosenBackend
        let factory = try? registry.factory(for: backend)
        var unmet: [(name: String, line: String)] = []
        if factory == nil {
            unmet.append((backend.shownName, "\(self.path("broker.backend")): \(registry.advice(for: backend))"))
        }
        for demand in self.demands(of: "'\(factory?.backend.rawValue ?? backend.shownName)'") {
            // What only the provider can honour is for the one to say that is not linked yet.
            let isProviders =
                demand.path.hasPrefix(self.path("broker.")) || demand.path.contains("durability.retention_policy.")
            if factory?.honours.contains(demand.demand) ?? isProviders { continue }
            unmet.append((demand.demand.rawValue, "\(demand.path): \(demand.advice)"))
        }
        var provider: (any EventBusProvider)?
        if let factory, unmet.isEmpty {
            provider = try factory.make(self, environment: environment)
        }
        if let capabilities = provider?.capabilities ?? (backend == .inMemory ? InMemoryBroker.capabilities : nil) {
            unmet += self.unmetByTopics(capabilities)
        }
        guard unmet.isEmpty, let provider else {
            let file = self.origin.file.map { "The configuration '\($0)'" } ?? "The configuration"
            throw OmnibusError(
                .unsupported,
                "\(file) asks for what is not linked here:\(unmet.map { "\n- \($0.line)" }.joined())",
                details: unmet.first?.name
            )
        }
        return provider
    }

    private func unmetByTopics(_ capabilities: ProviderCapabilities) -> [(name: String, line: String)] {
        var unmet: [(String, String)] = []
        for (index, topic) in self.topics.enumerated() {
            func need(_ capability: Capability, _ isNeeded: Bool, _ key: String) {
                guard isNeeded, !capabilities.has(capability) else { return }
                let path = self.path("topics[\(index)]\(key)")
                unmet.append(
                    (
                        capability.rawValue,
                        "\(path): the provider '\(capabilities.provider)' does not support '\(capability)'"
                    )
                )
            }
            let durability = topic.effectiveDurability
            need(.topicAdministration, true, "")
            need(.retainedTopics, durability == .retained, topic.durability == nil ? ".retention" : ".durability")
            need(.persistentTopics, durability == .durable || durability == .persistent, ".durability")
            need(.partitions, (topic.partitions ?? 1) > 1, ".partitions")
            need(.deduplication, topic.deduplication != nil, ".deduplication")
            need(.accessControl, topic.accessControl != nil, ".accessControl")
        }
        return unmet
    }
}

extension Configuration {
    /// Opens the log that the configuration asks for; nil where it asks for none.
    func makeLog(_ environment: BusEnvironment) throws(OmnibusError) -> (any EventBusLogEmitter)? {
        guard let logging = self.monitoring?.logging else { return nil }
        let level = logging.level ?? .info
        let destination: LogDestination =
            switch logging.output {
            case nil, "stderr": .standardError
            case "stdout": .standardOutput
            case let path?: .file(path)
            }
        do throws(OmnibusError) {
            switch logging.format {
            case .json, nil: return try JSONLinesLog(level: level, to: destination, clock: environment.clock)
            case .text: return try TextLog(level: level, to: destination, clock: environment.clock)
            }
        } catch {
            let finding = ConfigurationFinding(
                path: self.path("monitoring.logging.output"),
                found: "a file that cannot be written",
                expected: "the path of a file that this process may write, 'stdout' or 'stderr'"
            )
            let wrong = OmnibusError.invalidConfiguration([finding], in: self.origin.file)
            throw OmnibusError(wrong.code, "\(wrong.message)\n\(error.message)", cause: error, details: wrong.details)
        }
    }
}

extension BusSettings {
    /// These settings with what a configuration says instead.
    func configured(by bus: Configuration.Bus) -> BusSettings {
        var settings = self
        if let source = bus.source { settings.source = source }
        if let timeout = bus.handlerTimeout { settings.handlerTimeout = timeout }
        if let debugEvents = bus.debugEvents { settings.debugEvents = debugEvents }
        if let count = bus.rememberedMessages { settings.rememberedMessages = count }
        if let retrying = bus.failurePolicy { settings.failurePolicy = retrying.policy }
        if let queue = bus.queue {
            settings.bounds = queue.bounds(settings.bounds)
            settings.overflow = queue.overflow ?? settings.overflow
        }
        return settings
    }
}

extension BrokerCore {
    /// Creates the topics that a configuration lists.
    func createTopics(_ configuration: Configuration) throws(OmnibusError) {
        let policy = configuration.durability?.retentionPolicy
        for topic in configuration.topics {
            let settings = topic.configuration(policy)
            try settings.validate()
            _ = try self.create(topic.name, settings)
        }
    }
}
