// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Omnibus
import OmnibusTesting
import Synchronization
import Testing

/// A provider whose connection fails for a while.
private actor FlakyProvider: EventBusProvider {
    static let capabilities = ProviderCapabilities(
        provider: "flaky",
        abilities: [.topicAdministration, .retainedTopics]
    )
    private var failures: [OmnibusError]
    private(set) var attempts = 0
    private(set) var topics: [Topic: TopicConfiguration] = [:]

    init(failures: [OmnibusError] = []) {
        self.failures = failures
    }

    func publish(_ message: Message) async throws(OmnibusError) -> PublishReceipt { throw self.unsupported(.groups) }
    func subscribe(
        to pattern: TopicPattern,
        _ settings: SubscriptionSettings
    ) async throws(OmnibusError) -> any ProviderSubscription {
        throw self.unsupported(.groups)
    }

    func connect() async throws(OmnibusError) {
        self.attempts += 1
        guard !self.failures.isEmpty else { return }
        throw self.failures.removeFirst()
    }

    func createTopic(_ topic: Topic, _ configuration: TopicConfiguration) async throws(OmnibusError) -> Bool {
        self.topics[topic] = configuration
        return true
    }
}

@Suite("A bus from a configuration", .timeLimit(.minutes(5)))
struct EventBusConfiguringTests {
    let manual = ManualEnvironment(seed: 13)

    private func error(_ configuration: Configuration, registry: ProviderRegistry = .standard) -> OmnibusError? {
        do throws(OmnibusError) {
            _ = try EventBus(configuration: configuration, registry: registry)
            return nil
        } catch {
            return error
        }
    }

    @Test("does what every section says that the in-memory broker knows")
    func everything() async throws {
        let configuration = try Configuration(
            text: #"""
                {
                  "bus": {
                    "source": "configured", "handler_timeout": 9, "debug_events": false, "remembered_messages": 3,
                    "failure_policy": {"attempts": 2, "schedule": "linear", "initial": "1s", "step": 2, "cap": 60},
                    "queue": {"max_messages": 7, "max_bytes": "1KiB", "when_full": "drop_oldest"}
                  },
                  "broker": {
                    "backend": "in_memory", "dead_letters": {"topic": "all.dead", "max_messages": 3, "max_bytes": 999},
                    "scheduling": {"max_messages": 1, "max_bytes": 5000}, "deduplication": {"time": 60, "max_messages": 5}
                  },
                  "durability": {
                    "enabled": false, "retention_policy": {"default_ttl": 3600, "max_message_size": 100}
                  },
                  "monitoring": {"metrics": {"enabled": true}},
                  "topics": [
                    {"name": "kept", "durability": "retained"},
                    {"name": "short", "retention": {"maxAge": 5, "maxMessages": 2, "maxBytes": "1MiB"}, "maxMessageSize": 10},
                    {"name": "parts", "partitions": 3, "deduplication": {"time": 1}}
                  ]
                }
                """#
        )
        let bus = try EventBus(configuration: configuration, environment: self.manual.environment)

        #expect(bus.configuration == configuration)
        #expect(bus.settings.source == "configured")
        #expect(bus.settings.handlerTimeout == .seconds(9))
        #expect(bus.settings.failurePolicy.attempts == 2)
        #expect(
            bus.settings.failurePolicy.schedule == .linear(initial: .seconds(1), step: .seconds(2), cap: .seconds(60))
        )
        #expect(bus.settings.bounds == QueueBounds(count: 7, bytes: 1_024))
        #expect(bus.settings.overflow == .dropOldest)
        #expect(!bus.settings.debugEvents)
        #expect(bus.settings.rememberedMessages == 3)
        let kept = try #require(try await bus.provider.info(of: "kept"))
        #expect(kept.configuration == .retained(Retention(maximumAge: .seconds(3_600))))
        // Those that the program creates have the same default.
        _ = try await bus.provider.createTopic("made", .retained())
        _ = try await bus.provider.createTopic("made", .retained(Retention(maximumAge: .seconds(3_600))))
        let made = try #require(try await bus.provider.info(of: "made"))
        #expect(made.configuration.retention.maximumAge == .seconds(3_600))
        try await bus.provider.updateTopic("made", .retained(Retention(maximumCount: 5)))
        #expect(try await bus.provider.info(of: "made")?.configuration.retention.maximumAge == .seconds(3_600))
        let short = try #require(try await bus.provider.info(of: "short"))
        #expect(
            short.configuration.retention
                == Retention(maximumAge: .seconds(5), maximumCount: 2, maximumBytes: 1_048_576)
        )
        #expect(short.configuration.maximumMessageSize == 10)
        let parts = try #require(try await bus.provider.info(of: "parts"))
        #expect(parts.configuration.partitions == 3)
        #expect(parts.configuration.deduplication == DeduplicationWindow(time: .seconds(1)))

        await #expect(throws: OmnibusError.self) {
            try await bus.publish(Message(topic: "any", bytes: Array(repeating: 0, count: 101)))
        }
        try await bus.subscribe(to: "all.dead") { _ in }
        try await bus.subscribe(to: "fails", with: HandlerSettings(failurePolicy: .noRetry)) { _ in throw Broken() }
        try await bus.publish(Message(topic: "fails", bytes: [1]))
        await bus.settled()
        #expect(try await bus.provider.metrics(of: "all.dead").published == 1)
        _ = try await bus.publish(Message(topic: "later", bytes: [1]), after: .seconds(5))
        await #expect(throws: OmnibusError.self) {
            try await bus.publish(Message(topic: "later", bytes: [1]), after: .seconds(5))
        }
        try await bus.shutdown(deadline: .zero)
        // The provider is the bus's own.
        await #expect(throws: OmnibusError.self) { try await bus.provider.publish(Message(topic: "any", bytes: [])) }
    }

    @Test("writes its signals to the log that is asked for")
    func log() async throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "omnibus-\(UUID().uuidString).log")
        defer { try? FileManager.default.removeItem(at: file) }
        let logging = Configuration.Logging(level: .error, format: .json, output: file.path())
        let bus = try EventBus(configuration: Configuration(monitoring: .init(logging: logging)))
        try await bus.subscribe(to: "fails", with: HandlerSettings(failurePolicy: .noRetry)) { _ in throw Broken() }
        try await bus.publish(Message(topic: "nobody", bytes: []))
        try await bus.publish(Message(topic: "fails", bytes: []))
        await bus.settled()

        let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
        #expect(lines.count == 1)
        #expect(lines.first?.contains(#""kind":"deadLettered""#) == true, "\(lines)")
        try await bus.shutdown()
    }

    @Test("refuses a log that it cannot write, by the key's path")
    func noLog() throws {
        let json = #"{"monitoring": {"logging": {"output": "/nonexistent/bus.log"}}}"#
        let nowhere = try Configuration(bytes: Array(json.utf8), format: .json, file: "bus.json")
        let error = self.error(nowhere)
        #expect(error?.code == .invalidConfiguration)
        #expect(
            error?.message.hasPrefix(
                """
                The configuration 'bus.json' is not valid:
                - monitoring.logging.output: found a file that cannot be written, expected
                """
            ) == true,
            "\(error?.message ?? "")"
        )
        #expect(error?.message.contains("The log file '/nonexistent/bus.log' cannot be written") == true)
    }

    @Test("of nothing is as one without a configuration")
    func empty() throws {
        let bus = try EventBus(configuration: Configuration())
        let plain = EventBus()

        #expect(bus.provider is InMemoryBroker)
        #expect(bus.settings.source == plain.settings.source)
        #expect(bus.settings.bounds == plain.settings.bounds)
        #expect(bus.settings.overflow == plain.settings.overflow)
        #expect(bus.settings.handlerTimeout == nil)
        #expect(plain.configuration == nil)
    }

    @Test("refuses by name every part of the sample that nothing here honours")
    func sample() throws {
        let error = try #require(self.error(Fixture.read("message-bus.json")))

        #expect(error.code == .unsupported)
        #expect(error.details as? String == "redis")
        #expect(error.message.contains("message-bus.json'"))
        for part in [
            "kmb.broker.backend: The back end 'redis' is not linked (linked here: 'in_memory'); add the product 'OmnibusRedis'",
            "kmb.durability: no journal is linked: add the product 'OmnibusPostgres'", "kmb.security.tls: ",
            "kmb.security.authentication.jwt: ", "kmb.security.authentication.topic_acl: ",
            "kmb.monitoring.metrics.prometheus_port: nothing linked here opens a port: add the product 'OmnibusGateway'",
        ] {
            #expect(error.message.contains(part), "\(part): \(error.message)")
        }
        #expect(!error.message.contains("pass"))
    }

    @Test("refuses by name what the in-memory broker has no use for")
    func inMemory() throws {
        let configuration = Configuration(
            broker: .init(
                backend: .inMemory,
                url: try ConnectionURL(validating: "redis://h"),
                connectionPool: .init(maximumConnections: 1),
                credentials: .init(token: Secret("t")),
                options: .init(["a": 1])
            ),
            topics: [
                .init("a", durability: .durable), .init("b", durability: .persistent), .init("c", schema: true),
                .init("d", accessControl: .init(publishers: ["p"], subscribers: ["s"])),
            ]
        )
        let error = try #require(self.error(configuration))

        #expect(error.code == .unsupported)
        for part in [
            "broker.url:", "broker.connection_pool:", "broker.credentials:", "broker.options:",
            "topics[2].schema: nothing linked here checks schemas",
        ] {
            #expect(error.message.contains("\n- \(part)"), "\(part): \(error.message)")
        }
        for part in ["topics[0].durability", "topics[1].durability", "topics[3].accessControl"] {
            #expect(
                error.message.contains("\n- \(part): the provider 'in_memory' does not support"),
                "\(error.message)"
            )
        }
    }

    @Test(
        "refuses names that nobody has, and says what to add",
        arguments: [
            (Backend.kafka, "'OmnibusKafka'"), (.redpanda, "'OmnibusKafka'"), (.redis, "'OmnibusRedis'"),
            (.rabbitmq, "'OmnibusRabbitMQ'"), (.nats, "'OmnibusNATS'"), (.azureServiceBus, "'OmnibusAMQP'"),
            (.sqs, "'OmnibusSQS'"), (.postgresql, "'OmnibusPostgres'"),
            (Backend(rawValue: "redsi"), "did you mean 'redis'?"),
            (Backend(rawValue: "zebra"), "There is no back end of that name"),
            (Backend(rawValue: "postgres"), "'postgresql'"),
        ]
    )
    func unlinked(backend: Backend, advice: String) throws {
        let error = #expect(throws: OmnibusError.self) { try ProviderRegistry.standard.factory(for: backend) }

        #expect(error?.code == .unsupported)
        #expect(error?.details as? String == (advice.hasPrefix("'Omnibus") ? backend.rawValue : "backend"))
        #expect(error?.message.contains(advice) == true, "\(String(describing: error))")
    }

    @Test("takes the only back end whose address is given, and asks which where there are several")
    func addresses() throws {
        let redis = try Configuration(environment: ["REDIS_URL": "redis://a"])
        #expect(self.error(redis)?.details as? String == "redis")

        let both = try Configuration(environment: ["REDIS_URL": "redis://a", "NATS_URL": "nats://b"])
        let error = try #require(self.error(both))
        #expect(error.code == .invalidConfiguration)
        #expect(error.message.contains("broker.backend: found nothing"))
        #expect(error.message.contains("'redis' or 'nats'"))
        var chosen = both
        chosen.broker.backend = .inMemory
        #expect(self.error(chosen) == nil)
    }

    @Test("validates before it makes anything")
    func invalid() {
        let error = self.error(Configuration(bus: .init(handlerTimeout: .zero)))
        #expect(error?.code == .invalidConfiguration)
    }

    // MARK: Factories

    @Test("is made by the factory that is registered under the name, with what that honours")
    func factory() async throws {
        let flaky = FlakyProvider()
        let backend = Backend(rawValue: "flaky")
        let seen = Mutex<Configuration?>(nil)
        let registry = try ProviderRegistry.standard.registering(
            ProviderFactory(backend, honours: [.connectionPool, .tls, .options]) { configuration, _ in
                seen.withLock { $0 = configuration }
                return flaky
            }
        )
        let configuration = Configuration(
            broker: .init(
                backend: backend,
                connectionPool: .init(maximumConnections: 5),
                options: .init(["a": 1])
            ),
            security: .init(tls: .init(isEnabled: true)),
            topics: [.init("kept", durability: .retained)]
        )
        let bus = try EventBus(configuration: configuration, registry: registry)

        #expect(registry.backends == [backend, .inMemory])
        #expect(seen.withLock { $0 } == configuration)
        #expect(await flaky.topics.isEmpty)
        try await bus.connect()
        #expect(await flaky.topics["kept"]?.durability == .retained)
        var more = configuration
        more.broker.credentials = .init(token: Secret("t"))
        more.topics.append(.init("parts", partitions: 2))
        let error = self.error(more, registry: registry)
        #expect(error?.code == .unsupported)
        #expect(error?.message.contains("broker.credentials: the provider 'flaky' does not honour it") == true)
    }

    @Test("refuses a factory whose name is taken, or cannot be one")
    func names() throws {
        var registry = ProviderRegistry.standard
        for backend in [Backend.inMemory, Backend(rawValue: ""), Backend(rawValue: "Kafka"), Backend(rawValue: "a b")] {
            let factory = ProviderFactory(backend, honours: []) { _, environment in
                InMemoryBroker(environment: environment)
            }
            let error = #expect(throws: OmnibusError.self) { try registry.register(factory) }
            #expect(error?.code == .invalidSettings)
        }
        #expect(registry.backends == [.inMemory])
        #expect(throws: OmnibusError.self) { try ProviderRegistry().factory(for: .inMemory) }
    }

    // MARK: Connecting

    private func refusal(_ advice: OmnibusError.Advice = .retry(after: nil)) -> OmnibusError {
        OmnibusError(.timeout, "The server does not answer.", advice: advice)
    }

    @Test("connects again after the policy's delays, on the bus's clock")
    func retrying() async throws {
        let flaky = FlakyProvider(failures: [self.refusal(), self.refusal(.retry(after: .seconds(60)))])
        let bus = EventBus(provider: flaky, environment: self.manual.environment)
        let policy = FailurePolicy(attempts: 3, schedule: .fixed([], then: .seconds(5)))
        async let connecting: Void = bus.connect(retrying: policy)

        try await self.manual.clock.timers(atLeast: 1)
        #expect(await flaky.attempts == 1)
        self.manual.clock.advance(by: .seconds(5))
        try await self.manual.clock.timers(atLeast: 1)
        #expect(await flaky.attempts == 2)
        #expect(self.manual.clock.timeToNextTimer == .seconds(60))
        self.manual.clock.advance(by: .seconds(60))
        try await connecting
        #expect(await flaky.attempts == 3)
    }

    @Test("gives up when the attempts are used up, or trying again makes no sense")
    func givingUp() async throws {
        let policy = FailurePolicy(attempts: 2, schedule: .none)
        let tired = FlakyProvider(failures: [self.refusal(), self.refusal(), self.refusal()])
        let error = await #expect(throws: OmnibusError.self) {
            try await tired.connect(retrying: policy, environment: self.manual.environment)
        }
        #expect(error?.code == .timeout)
        #expect(error?.message.contains("'flaky' could not be connected; tried 2 times") == true)
        #expect((error?.cause as? OmnibusError)?.message == "The server does not answer.")
        #expect(await tired.attempts == 2)

        let refused = FlakyProvider(failures: [self.refusal(.giveUp)])
        await #expect(throws: OmnibusError.self) { try await refused.connect(retrying: policy) }
        #expect(await refused.attempts == 1)

        let untouched = FlakyProvider()
        await #expect(throws: OmnibusError.self) { try await untouched.connect(retrying: FailurePolicy(attempts: 0)) }
        #expect(await untouched.attempts == 0)
    }

    @Test("stops trying when the task is cancelled")
    func cancelled() async throws {
        let flaky = FlakyProvider(failures: [self.refusal()])
        let manual = self.manual
        let task = Task {
            try await flaky.connect(retrying: FailurePolicy(), environment: manual.environment)
        }
        try await manual.clock.timers(atLeast: 1)
        task.cancel()

        let error = await #expect(throws: OmnibusError.self) { try await task.value }
        #expect(error?.code == .cancelled)
        #expect(manual.clock.timeToNextTimer == nil)
    }
}
