// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Omnibus
import Testing

@Suite("Secrets of a configuration")
struct SecretTests {
    /// Every way in which a value may show itself.
    private func shown(_ value: some Any) -> String {
        var dumped = ""
        dump(value, to: &dumped)
        return [
            "\(value)", String(reflecting: value), dumped, Mirror(reflecting: value).children.map { "\($0)" }.joined(),
        ].joined(separator: "\n")
    }

    @Test("show themselves nowhere")
    func hidden() throws {
        var configuration = try Fixture.read("every-key.json")
        configuration.broker.url = try ConnectionURL(
            validating: "amqp://guest:\(Fixture.secret)@host/vhost?key=\(Fixture.secret)"
        )
        configuration.broker.redisURL = try ConnectionURL(validating: "redis://:pa/ss\(Fixture.secret)@host/0")
        configuration.broker.natsURLs = [try ConnectionURL(validating: "nats://\(Fixture.secret)@host:4222")]
        configuration.broker.options = .init(["connection_string": .string(Fixture.secret)])
        configuration.broker.credentials?.token = Secret(Fixture.secret)
        configuration.broker.credentials?.extra["pin"] = .text(Fixture.secret)
        configuration.broker.credentials?.certificate = Fixture.secret
        configuration.broker.credentials?.username = Fixture.secret

        for shown in [
            self.shown(configuration), self.shown(configuration.broker), self.shown(configuration.broker.credentials),
            self.shown([configuration]), self.shown(Secret(Fixture.secret)), self.shown(configuration.broker.options),
            self.shown(configuration.security), self.shown(configuration.broker.url),
            self.shown(configuration.broker.redisURL),
        ] {
            #expect(!shown.contains(Fixture.secret), "\(shown)")
        }
        #expect("\(configuration)".contains(#""source": "omnibus/billing""#))
        #expect("\(configuration)".contains(#""secret_key": "<redacted>""#))
    }

    @Test("are there for whoever asks")
    func revealed() throws {
        #expect(Secret("x").reveal() == "x")
        #expect(try JSONDecoder().decode(Secret.self, from: JSONEncoder().encode(Secret("x"))) == Secret("x"))
    }

    @Test(
        "in an address hide behind scheme, host and port",
        arguments: [
            ("redis://localhost:6379/0", "redis://localhost:6379"), ("REDIS://u:p@h:1", "redis://<redacted>@h:1"),
            ("redis://:p@ss@h", "redis://<redacted>@h"), ("redis://u:p/a@h/0", "redis://<redacted>@h"),
            ("postgresql:///db?password=p", "postgresql://"), ("nats://[::1]:4222", "nats://[::1]:4222"),
            ("nats://a-1.b_c:1,[::1],d:65535", "nats://a-1.b_c:1,[::1],d:65535"), ("redis://[::1]", "redis://[::1]"),
            ("redis://h/0?password=p@hunter2", "redis://<redacted>@"), ("redis://u:12/a@h", "redis://<redacted>@"),
            ("postgresql:///db?password=p@h", "postgresql://<redacted>@"),
        ]
    )
    func addresses(text: String, shown: String) throws {
        #expect(try "\(ConnectionURL(validating: text))" == shown)
        #expect(try ConnectionURL(validating: text).reveal() == text)
    }

    @Test(
        "in an address that is none are not quoted",
        arguments: [
            "", "hunter2", "redis:hunter2", "://hunter2", "redis://", "redis://hunter2 x", "7://hunter2",
            "redis://a\nb", "sb://ns.example;SharedAccessKey=hunter2", "amqp://host,password=hunter2",
            "redis://:hunter2",
            "redis://:12345", "redis://host:hunter2", "redis://host:123456", "redis://host:0", "redis://host:",
            "redis://a,,b", "redis://[hunter2]", "redis://[::1]hunter2", "redis://u:p@host:hunter2",
            "redis://%68unter2",
            "redis://u:p@;hunter2", "redis://h\u{2028}",
        ]
    )
    func noAddresses(text: String) {
        let error = #expect(throws: OmnibusError.self) { try ConnectionURL(validating: text) }
        #expect(error?.code == .invalidSettings)
        #expect(error?.description.contains("hunter2") == false)
    }
}

@Suite("Secrets in the wrong place")
struct MisplacedSecretTests {
    private func message(of document: String) throws -> String {
        let error = #expect(throws: OmnibusError.self) {
            let configuration = try Configuration(text: document)
            _ = try EventBus(configuration: configuration)
        }
        let message = try #require(error).description
        #expect(!message.contains("hunter2"), "\(message)")
        let details = String(describing: error?.details)
        #expect(!details.contains("hunter2"))
        return message
    }

    @Test(
        "are not shown, and the error says where they belong",
        arguments: [
            (#"{"broker": {"kafka_servers": ["user:hunter2@kafka:9092"]}}"#, "a server with a user or a password"),
            (#"{"broker": {"kafka_servers": "kafka:9092,hunter2@kafka:9092"}}"#, "belongs into 'credentials'"),
            (#"{"broker": {"kafka_servers": ["kafka;hunter2:9092"]}}"#, "hosts with ports, such as"),
            (#"{"broker": {"redis_url": "redis://:hunter2"}}"#, "such as 'redis://localhost:6379'"),
            (#"{"bus": {"source": "pa${hunter2}word"}}"#, "found a variable, which is not set"),
            (#"{"bus": {"source": "pa${hunter2+}word"}}"#, "found a variable followed by"),
            (#"{"bus": {"source": "pa${hunter2:-${X}}"}}"#, "within the default of a variable"),
            (#"{"bus": {"source": "pa${HUNTER}word"}}"#, "found the variable 'HUNTER', which is not set"),
            (#"{"broker": {"backend": "hunter2"}}"#, "no back end of that name (linked here: 'in_memory'). Register"),
        ]
    )
    func hidden(document: String, part: String) throws {
        let message = try self.message(of: document)
        #expect(message.contains(part), "\(message)")
    }

    @Test("are not shown by what else the configuration asks for")
    func demands() throws {
        let message = try self.message(
            of: #"{"broker": {"backend": "hunter2", "connection_pool": {}}, "security": {"tls": {"enabled": true}}}"#
        )
        #expect(message.contains("broker.backend: There is no back end of that name"), "\(message)")
    }

    @Test("do not make a server's own name suspicious", arguments: ["kafka:9092", "[::1]:9092", "kafka-1.a_b.c:1"])
    func servers(server: String) throws {
        let configuration = try Configuration(text: #"{"broker": {"kafka_servers": ["\#(server)"]}}"#)
        #expect(configuration.broker.kafkaServers == [server])
    }
}

@Suite("Credentials")
struct EventBusCredentialsTests {
    @Test(
        "that are half given, empty or contradictory are refused, all findings at once",
        arguments: [
            (EventBusCredentials(username: "u"), ["'password' is missing beside 'username'"]),
            (EventBusCredentials(password: Secret("p")), ["'username' is missing beside 'password'"]),
            (EventBusCredentials(certificate: "c"), ["'key' is missing beside 'certificate'"]),
            (EventBusCredentials(key: Secret("k")), ["'certificate' is missing beside 'key'"]),
            (EventBusCredentials(token: Secret("")), ["'token' is empty"]),
            (EventBusCredentials(token: Secret("t\n")), ["'token' has a control character"]),
            (
                EventBusCredentials(username: "", key: Secret("k")),
                ["'password' is missing", "'certificate' is missing", "'username' is empty"]
            ),
            (EventBusCredentials(token: Secret("t"), username: "u", password: Secret("p")), ["'token' stands beside"]),
            (EventBusCredentials(extra: ["": "x"]), ["'extra' has a value without a name"]),
            (EventBusCredentials(token: Secret("t\u{85}")), ["'token' has a control character"]),
            (EventBusCredentials(token: Secret("t\u{2028}")), ["'token' has a control character"]),
            (EventBusCredentials(extra: ["a\nb": "x"]), ["'extra' has a name with a control character"]),
            (EventBusCredentials(extra: ["a": "x\u{0}"]), ["'extra' has a text with a control character"]),
        ]
    )
    func refused(credentials: EventBusCredentials, findings: [String]) {
        let error = #expect(throws: OmnibusError.self) { try credentials.validate() }
        #expect(error?.code == .invalidSettings)
        for finding in findings { #expect(error?.message.contains(finding) == true, "\(String(describing: error))") }
    }

    @Test(
        "that are whole are taken, and say whether they are safe on the way",
        arguments: [
            (EventBusCredentials(), false), (EventBusCredentials(token: Secret("t")), false),
            (EventBusCredentials(username: "u", password: Secret("p")), false),
            (EventBusCredentials(username: "u", password: Secret("p"), certificateAuthority: "ca.pem"), true),
            (EventBusCredentials(certificate: "-----BEGIN\nX", key: Secret("-----BEGIN\nY\n")), true),
            (EventBusCredentials(token: Secret("t"), certificateAuthority: "ca.pem"), true),
            (
                EventBusCredentials(username: "u", password: Secret("p"), extra: ["sasl_mechanism": "SCRAM-SHA-512"]),
                true
            ),
            (EventBusCredentials(username: "u", password: Secret("p"), extra: ["sasl_mechanism": "PLAIN"]), false),
            (EventBusCredentials(token: Secret("t"), extra: ["sasl_mechanism": "SCRAM-SHA-512"]), false),
            (
                EventBusCredentials(
                    username: "u",
                    password: Secret("p"),
                    extra: ["sasl_mechanism": "SCRAM-SHA-256-PLUS"]
                ), true
            ),
            (EventBusCredentials(username: "u", password: Secret("p"), extra: ["sasl_mechanism": "SCRAM-SHA-"]), false),
        ]
    )
    func taken(credentials: EventBusCredentials, isSecure: Bool) throws {
        try credentials.validate()
        #expect(credentials.isSecure == isSecure)
    }

    @Test("that are empty texts make nothing safe")
    func empty() {
        #expect(!EventBusCredentials(username: "u", password: Secret("p"), certificateAuthority: "").isSecure)
        #expect(!EventBusCredentials(certificate: "", key: Secret("")).isSecure)
        let scram = EventBusCredentials(username: "u", password: Secret(""), extra: ["sasl_mechanism": "SCRAM-SHA-1"])
        #expect(!scram.isSecure)
    }

    @Test("show which parts there are, and nothing of them")
    func description() {
        let credentials = EventBusCredentials(username: "anna", password: Secret("p"), extra: ["pin": "1234"])
        #expect("\(credentials)" == "EventBusCredentials(username, password, extra)")
        #expect("\(EventBusCredentials())" == "EventBusCredentials(none)")
        #expect(EventBusCredentials().isEmpty)
    }
}
