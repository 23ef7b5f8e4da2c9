// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Omnibus
import Testing

@Suite("Configuration")
struct ConfigurationReadingTests {
    private func error(_ text: String, environment: [String: String] = [:]) -> OmnibusError? {
        do throws(OmnibusError) {
            _ = try Configuration(text: text, environment: environment)
            return nil
        } catch {
            return error
        }
    }

    private func findings(_ text: String, environment: [String: String] = [:]) -> [String] {
        (self.error(text, environment: environment)?.details as? [ConfigurationFinding])?.map(\.description) ?? []
    }

    @Test("has every value of the sample")
    func sample() throws {
        let configuration = try Fixture.read("message-bus.json")

        #expect(configuration.broker.backend == .redis)
        #expect(configuration.broker.redisURL?.reveal() == "redis://localhost:6379/0")
        #expect(configuration.broker.connectionPool == .init(maximumConnections: 100, retriesOnTimeout: true))
        let durability = try #require(configuration.durability)
        #expect(durability.isEnabled)
        #expect(durability.backend == .postgresql)
        #expect(durability.databaseURL?.reveal() == "postgresql://user:pass@localhost/kmb")
        #expect(
            durability.retentionPolicy
                == .init(defaultMaximumAge: .seconds(86_400), maximumMessageSize: 1_048_576)
        )
        #expect(
            configuration.security?.tls
                == .init(isEnabled: true, certificateFile: "/etc/kmb/tls.crt", keyFile: "/etc/kmb/tls.key")
        )
        let authentication = try #require(configuration.security?.authentication)
        #expect(authentication.jwt?.secretKey.reveal() == Fixture.secret)
        #expect(authentication.jwt?.algorithm == "HS256")
        #expect(authentication.jwt?.tokenLifetime == .seconds(3_600))
        #expect(
            authentication.topicAccess
                == .init(isEnabled: true, defaultPolicy: .deny, rulesFile: "/etc/kmb/acl.yaml")
        )
        #expect(configuration.monitoring?.metrics == .init(isEnabled: true, prometheusPort: 9_090))
        #expect(
            configuration.monitoring?.logging
                == .init(level: .info, format: .json, output: "/var/log/kmb/kmb.log")
        )
    }

    @Test("names the file, the key's path, its place, what was found and what was expected")
    func message() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "omnibus-\(UUID().uuidString).json")
        defer { try? FileManager.default.removeItem(at: path) }
        let text = """
            {
              "topics": [
                { "name": "a" },
                { "name": "b" },
                { "name": "c", "retention": { "maxAge": true } }
              ]
            }
            """
        try Data(text.utf8).write(to: path)

        let error = #expect(throws: OmnibusError.self) {
            try Configuration(file: path.path, environment: [:])
        }

        #expect(error?.code == .invalidConfiguration)
        #expect(error?.message.hasPrefix("The configuration '\(path.path)' is not valid:\n- ") == true)
        #expect(
            error?.message.contains("topics[2].retention.maxAge (line 5, column 45): found a boolean, expected a ")
                == true,
            "\(String(describing: error))"
        )
    }

    @Test("tells everything that is wrong at once")
    func allAtOnce() {
        let findings = self.findings(
            #"{"bus": {"sorce": "x"}, "broker": {"backend": 7, "url": "x"}, "topics": [{"partitions": 0}], "quux": null}"#
        )

        #expect(findings.count == 6)
        #expect(findings.contains { $0.hasPrefix("bus.sorce") && $0.hasSuffix("expected 'source'?") })
        #expect(findings.contains { $0.hasPrefix("topics[0].name (line 1, column ") && $0.contains("found nothing") })
        #expect(findings.contains { $0.contains("topics[0].partitions") && $0.contains("found 0, expected a whole") })
        #expect(findings.contains { $0.hasPrefix("quux") && $0.contains("expected one of broker, bus, durability") })
    }

    @Test("takes a key in both spellings, but not twice")
    func spellings() throws {
        let camel = try Configuration(
            text: #"{"bus": {"handlerTimeout": 5}, "topics": [{"name": "a", "max_message_size": 9}]}"#
        )

        #expect(camel.bus.handlerTimeout == .seconds(5))
        #expect(camel.topics.first?.maximumMessageSize == 9)
        let twice = self.findings(#"{"bus": {"handlerTimeout": 5, "handler_timeout": 6}}"#)
        #expect(twice.count == 1)
        #expect(twice.first?.hasPrefix("bus.handler_timeout") == true)
        #expect(self.findings(#"{"bus": {"Handler_timeout": 5}}"#).count == 1)
        #expect(self.findings(#"{"bus": {"HANDLER_TIMEOUT": 5}}"#).count == 1)
    }

    @Test(
        "takes the whole under one key, and nothing beside it",
        arguments: ["omnibus", "kmb"]
    )
    func root(name: String) throws {
        let configuration = try Configuration(text: #"{"\#(name)": {"bus": {"source": "here"}}}"#)

        #expect(configuration.bus.source == "here")
        let findings = self.findings(#"{"\#(name)": {"bus": {"source": 1}}, "bus": {}}"#)
        #expect(findings.contains { $0.hasPrefix("\(name).bus.source (") })
        #expect(findings.contains { $0.hasPrefix("bus (") && $0.hasSuffix("nothing beside '\(name)'") })
    }

    @Test("refuses what is no section at its top", arguments: ["[]", "7", "null", "\"text\"", "true"])
    func top(text: String) {
        #expect(self.findings(text).first?.hasPrefix("the configuration") == true)
    }

    @Test(
        "refuses what is no JSON, and says where",
        arguments: [
            ("", "(line 1, column 1): found the end"), ("{\n  \"bus\": }", "(line 2, column 10)"),
            ("{\"bus\": {}, \"bus\": {}}", "(line 1, column 13)"), ("{'bus': {}}", "(line 1, column 2)"),
            (String(repeating: "[", count: 40), "(line 1, column 33)"), ("{} x", "(line 1, column 4)"),
        ]
    )
    func syntax(text: String, place: String) {
        #expect(
            self.error(text)?.message.contains("the JSON \(place)") == true,
            "\(String(describing: self.error(text)))"
        )
    }

    @Test("refuses a document of more than a mebibyte")
    func size() {
        #expect(
            self.error("{\"bus\": {}}" + String(repeating: " ", count: 1_048_576))?.message.contains("1048576") == true
        )
    }

    @Test("refuses a file that is not there, a folder, and a device without an end")
    func files() {
        for path in ["/nonexistent/omnibus.json", "/tmp", "/dev/zero"] {
            let error = #expect(throws: OmnibusError.self) { try Configuration(file: path, format: .json) }
            #expect(error?.code == .invalidConfiguration)
            #expect(error?.message.contains("'\(path)'") == true)
        }
        for (path, what) in [("bus.yaml", "'OmnibusYAML'"), ("bus.yml", "'YAML'"), ("bus.toml", "format: .json")] {
            let error = #expect(throws: OmnibusError.self) { try Configuration(file: path) }
            #expect(error?.code == .unsupported)
            #expect(error?.message.contains(what) == true)
        }
    }

    @Test(
        "reads durations as seconds or with a unit",
        arguments: [
            ("5", Duration.seconds(5)), ("0.25", .milliseconds(250)), ("1e3", .seconds(1_000)),
            ("\"500ms\"", .milliseconds(500)), ("\"30s\"", .seconds(30)), ("\"15m\"", .seconds(900)),
            ("\"24h\"", .seconds(86_400)), ("\"7d\"", .seconds(604_800)), ("\"10us\"", .microseconds(10)),
            ("\"3ns\"", .nanoseconds(3)), ("315360000", .seconds(315_360_000)),
        ]
    )
    func durations(text: String, duration: Duration) throws {
        #expect(try Configuration(text: "{\"bus\": {\"handler_timeout\": \(text)}}").bus.handlerTimeout == duration)
    }

    @Test(
        "refuses durations that are none",
        arguments: [
            "0", "-1", "\"5\"", "\"5 s\"", "\"s\"", "\"-5s\"", "\"5S\"", "\"1h30m\"", "315360001", "1e300",
            "\"9223372036854775808s\"", "\"9223372036854775807d\"", "\"99999d\"", "\"\"", "true", "\"٣s\"",
        ]
    )
    func badDurations(text: String) {
        #expect(self.findings("{\"bus\": {\"handler_timeout\": \(text)}}").count == 1)
    }

    @Test(
        "reads sizes as bytes or with a unit",
        arguments: [
            ("1048576", 1_048_576), ("\"1MiB\"", 1_048_576), ("\"64KiB\"", 65_536), ("\"1MB\"", 1_000_000),
            ("\"9B\"", 9),
        ]
    )
    func sizes(text: String, bytes: Int) throws {
        let text = "{\"durability\": {\"enabled\": false, \"retention_policy\": {\"max_message_size\": \(text)}}}"
        #expect(try Configuration(text: text).durability?.retentionPolicy?.maximumMessageSize == bytes)
    }

    @Test(
        "refuses sizes that are none",
        arguments: ["0", "-5", "1.5", "\"1\"", "\"1mib\"", "\"1 MiB\"", "\"9999999999999999999GiB\"", "1e30"]
    )
    func badSizes(text: String) {
        let text = "{\"durability\": {\"enabled\": false, \"retention_policy\": {\"max_message_size\": \(text)}}}"
        #expect(self.findings(text).count == 1)
    }

    @Test("refuses what contradicts itself, by the key that has to go")
    func contradictions() {
        let cases = [
            (
                #"{"topics": [{"name": "a", "durability": "ephemeral", "retention": {"maxMessages": 5}}]}"#,
                "topics[0].retention"
            ),
            (#"{"bus": {"queue": {"when_full": "reject", "wait_at_most": 5}}}"#, "bus.queue.wait_at_most"),
            (#"{"bus": {"failure_policy": {"schedule": "linear", "multiplier": 3}}}"#, "bus.failure_policy.multiplier"),
            (#"{"broker": {"backend": "redis", "redis_url": "redis://a", "url": "redis://b"}}"#, "broker.url"),
            (
                #"{"broker": {"credentials": {"token": "a", "username": "b", "password": "c"}}}"#,
                "broker.credentials.token"
            ),
            (
                #"{"broker": {"backend": "redis", "redis_url": "redis://u:p@h", "credentials": {"username": "b", "password": "c"}}}"#,
                "broker.credentials"
            ),
            (
                #"{"durability": {"enabled": true, "backend": "kafka", "database_url": "sqlite:///x"}}"#,
                "durability.database_url"
            ),
            (
                #"{"durability": {"enabled": true, "backend": "postgresql", "database_url": "sqlite:///x"}}"#,
                "durability.database_url"
            ),
            (#"{"topics": [{"name": "a"}, {"name": "a"}]}"#, "topics"),
        ]
        for (text, path) in cases {
            let findings = self.findings(text)
            #expect(findings.count == 1, "\(findings)")
            #expect(findings.first?.hasPrefix("\(path) (") == true, "\(findings)")
        }
    }

    @Test("refuses topics that are none, and the system's")
    func topicNames() {
        for name in ["", "a..b", "a.*", "omnibus.dead.a", String(repeating: "a", count: 300)] {
            #expect(self.findings("{\"topics\": [{\"name\": \"\(name)\"}]}").first?.hasPrefix("topics[0].name") == true)
        }
    }

    @Test("escapes unknown keys that would break the line, and shortens long ones")
    func strangeKeys() {
        let findings = self.findings(
            "{\"a\\nb\": 1, \"\(String(repeating: "x", count: 500))\": 2, \"\": 3, \"a.b\": 4}"
        )

        #expect(findings.count == 4)
        #expect(findings.allSatisfy { !$0.contains("\n") && $0.utf8.count < 300 })
        #expect(findings.contains { $0.hasPrefix("\"a.b\"") })
    }
}
