// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import Testing

@Suite("A configuration from the environment")
struct ConfigurationEnvironmentTests {
    @Test("takes keys by their paths, and the addresses that programs commonly have")
    func variables() throws {
        let configuration = try Configuration(environment: [
            "PATH": "/bin", "REDIS_URL": "redis://redis:6379", "KAFKA_SERVERS": "kafka:9092, kafka-2:9092",
            "NATS_URL": "nats://nats:4222", "OMNIBUS_BROKER_BACKEND": "nats", "OMNIBUS_BUS_SOURCE": "here",
            "OMNIBUS_BUS_HANDLER_TIMEOUT": "30", "OMNIBUS_BUS_QUEUE_MAX_BYTES": "1MiB",
            "OMNIBUS_BUS_FAILURE_POLICY_SCHEDULE": "fixed", "OMNIBUS_BUS_FAILURE_POLICY_DELAYS": "1,5,15s",
            "OMNIBUS_DURABILITY_ENABLED": "false", "OMNIBUS_DURABILITY_RETENTION_POLICY_DEFAULT_TTL": "86400",
            "OMNIBUS_SECURITY_AUTHENTICATION_JWT_SECRET_KEY": "s3cret", "OMNIBUS_MONITORING_METRICS_ENABLED": "true",
            "OMNIBUS_MONITORING_METRICS_PROMETHEUS_PORT": "9090", "OMNIBUS_BROKER_CREDENTIALS_TOKEN": "t0ken",
        ])

        #expect(configuration.broker.backend == .nats)
        #expect(configuration.broker.redisURL?.host == "redis:6379")
        #expect(configuration.broker.kafkaServers == ["kafka:9092", "kafka-2:9092"])
        #expect(configuration.broker.natsURLs?.map(\.host) == ["nats:4222"])
        #expect(configuration.bus.source == "here")
        #expect(configuration.bus.handlerTimeout == .seconds(30))
        #expect(configuration.bus.queue?.maximumBytes == 1_048_576)
        #expect(
            configuration.bus.failurePolicy?.schedule
                == .fixed([.seconds(1), .seconds(5), .seconds(15)], then: .seconds(15))
        )
        #expect(configuration.durability?.retentionPolicy?.defaultMaximumAge == .seconds(86_400))
        #expect(configuration.security?.authentication?.jwt?.secretKey.reveal() == "s3cret")
        #expect(configuration.monitoring?.metrics?.prometheusPort == 9_090)
        #expect(configuration.broker.credentials?.token?.reveal() == "t0ken")
    }

    @Test("is the default where no variable says anything")
    func empty() throws {
        #expect(try Configuration(environment: [:]) == Configuration())
        #expect(try Configuration(environment: ["OMNIBUS_BUS_SOURCE": "", "REDIS_URL": ""]) == Configuration())
        // Variables of others that begin alike.
        #expect(
            try Configuration(environment: [
                "OMNIBUS_DEBUG_EVENTS": "1", "OMNIBUS_CONFORMANCE": "x", "OMNIBUS_SERVICE_HOST": "10.0.0.1",
                "OMNIBUS_SERVICE_PORT": "80", "OMNIBUS_SERVICE_PORT_HTTP": "80", "OMNIBUS_PORT": "tcp://10.0.0.1:80",
                "OMNIBUS_PORT_80_TCP": "tcp://10.0.0.1:80", "OMNIBUS_PORT_80_TCP_ADDR": "10.0.0.1",
            ]) == Configuration()
        )
    }

    @Test("prefers the key's own variable")
    func precedence() throws {
        let configuration = try Configuration(environment: [
            "REDIS_URL": "redis://a", "OMNIBUS_BROKER_REDIS_URL": "redis://b",
        ])

        #expect(configuration.broker.redisURL?.host == "b")
    }

    @Test(
        "refuses variables that begin as if they meant a key and set nothing, and names the nearest",
        arguments: [
            ("OMNIBUS_BROKR_BACKEND", "'OMNIBUS_BROKER_BACKEND'?"),
            ("OMNIBUS_BROKER_BAKEND", "'OMNIBUS_BROKER_BACKEND'?"),
            ("OMNIBUS_BUS", "OMNIBUS_"), ("OMNIBUS_BUS_", "OMNIBUS_"), ("OMNIBUS_TOPICS_0_NAME", "for files alone"),
            ("OMNIBUS_BROKER_CREDENTIALS_EXTRA_PIN", "for files alone"), ("OMNIBUS_", "the path of a key"),
            ("OMNIBUS_KAFKA_SERVERS", "'OMNIBUS_BROKER_KAFKA_SERVERS'?"), ("OMNIBUS_ZEBRA", "the path of a key"),
            ("OMNIBUS_LOG_LEVEL", "'OMNIBUS_MONITORING_LOGGING_LEVEL'?"), ("OMNIBUS_PORT", "_PROMETHEUS_PORT'?"),
            ("OMNIBUS_BACKEND", "'OMNIBUS_BROKER_BACKEND'?"),
            ("OMNIBUS_KMB_BROKER_BACKEND", "'OMNIBUS_BROKER_BACKEND'?"),
            ("OMNIBUS_BROKER_PASSWORD", "'OMNIBUS_BROKER_CREDENTIALS_PASSWORD'?"),
            ("OMNIBUS_BUS_HANDLERTIMEOUT", "'OMNIBUS_BUS_HANDLER_TIMEOUT'?"),
        ]
    )
    func mistaken(name: String, expected: String) throws {
        let error = #expect(throws: OmnibusError.self) { try Configuration(environment: [name: "redis"]) }
        let findings = try #require(error?.details as? [ConfigurationFinding])

        #expect(findings.map(\.path) == [name])
        #expect(findings.first?.expected.contains(expected) == true, "\(findings)")
    }

    @Test("names the variable that is wrong, beside the key, and not what it holds")
    func wrong() throws {
        let error = #expect(throws: OmnibusError.self) {
            try Configuration(environment: ["REDIS_URL": "hunter2", "OMNIBUS_MONITORING_METRICS_ENABLED": "hunter2"])
        }
        let findings = try #require(error?.details as? [ConfigurationFinding])

        #expect(findings.map(\.path) == ["broker.redis_url", "monitoring.metrics.enabled"])
        #expect(
            findings.map(\.place) == ["variable REDIS_URL", "variable OMNIBUS_MONITORING_METRICS_ENABLED"]
        )
        #expect(error?.description.contains("hunter2") == false)
    }

    @Test("changes what a file says, and keeps the rest")
    func overriding() throws {
        let file = try Configuration(
            text: #"{"omnibus": {"broker": {"backend": "redis", "redis_url": "redis://a"}, "topics": [{"name": "a"}]}}"#
        )
        let changed = try file.overridden(by: ["OMNIBUS_BROKER_BACKEND": "in_memory", "OMNIBUS_BUS_SOURCE": "x"])

        #expect(changed.broker.backend == .inMemory)
        #expect(changed.broker.redisURL?.host == "a")
        #expect(changed.bus.source == "x")
        #expect(changed.topics.map(\.name) == ["a"])
        let error = #expect(throws: OmnibusError.self) { try file.overridden(by: ["OMNIBUS_BROKER_BACKEND": "kafka"]) }
        #expect((error?.details as? [ConfigurationFinding])?.map(\.path) == ["omnibus.broker.kafka_servers"])
    }

    @Test("does not fill variables into what a variable holds")
    func noSubstitution() throws {
        #expect(try Configuration(environment: ["OMNIBUS_BUS_SOURCE": "${HOME}"]).bus.source == "${HOME}")
    }
}
