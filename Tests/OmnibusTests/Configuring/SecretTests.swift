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
            "redis://a\nb",
        ]
    )
    func noAddresses(text: String) {
        let error = #expect(throws: OmnibusError.self) { try ConnectionURL(validating: text) }
        #expect(error?.code == .invalidSettings)
        #expect(error?.description.contains("hunter2") == false)
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
        ]
    )
    func taken(credentials: EventBusCredentials, isSecure: Bool) throws {
        try credentials.validate()
        #expect(credentials.isSecure == isSecure)
    }

    @Test("show which parts there are, and nothing of them")
    func description() {
        let credentials = EventBusCredentials(username: "anna", password: Secret("p"), extra: ["pin": "1234"])
        #expect("\(credentials)" == "EventBusCredentials(username, password, extra)")
        #expect("\(EventBusCredentials())" == "EventBusCredentials(none)")
        #expect(EventBusCredentials().isEmpty)
    }
}
