// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Omnibus
import Testing

@Suite("A coded configuration")
struct ConfigurationCodingTests {
    private func roundTrip(_ configuration: Configuration) throws -> Configuration {
        try JSONDecoder().decode(Configuration.self, from: JSONEncoder().encode(configuration))
    }

    @Test("comes back equal", arguments: ["message-bus.json", "every-key.json"])
    func samples(file: String) throws {
        let configuration = try Fixture.read(file)

        #expect(try self.roundTrip(configuration) == configuration)
        #expect(try self.roundTrip(configuration).security == configuration.security)
    }

    @Test("comes back equal when it was made in code, with every schedule and odd texts")
    func code() throws {
        let schedules: [RetrySchedule] = [
            .none, .exponential(initial: .milliseconds(5), multiplier: 1.5, cap: .seconds(9), jitter: .equal),
            .linear(initial: .nanoseconds(1), step: .zero, cap: .microseconds(7), jitter: .full),
            .fixed([.seconds(1), .milliseconds(1_500)], then: .zero), .fixed([], then: .seconds(3)),
        ]
        for schedule in schedules {
            let configuration = Configuration(
                bus: .init(source: "${HOME} $${X} $", failurePolicy: .init(attempts: 1, schedule: schedule)),
                broker: .init(
                    credentials: .init(username: "u", password: Secret("p${w}"), extra: ["n": 1, "d": 1.5, "b": true]),
                    options: .init(["a": ["$${b}", 1, nil]])
                ),
                topics: [
                    .init("a.b", durability: .retained, retention: .init(maximumAge: .milliseconds(1)), schema: false)
                ]
            )

            #expect(try self.roundTrip(configuration) == configuration)
        }
        #expect(try self.roundTrip(Configuration()) == Configuration())
    }

    @Test("reads whole numbers of credentials as integers, however they are written")
    func numbers() throws {
        let text = #"{"broker": {"credentials": {"extra": {"a": 1, "b": 1.0, "c": 1e3, "d": 1.5}}}}"#
        let configuration = try Configuration(text: text)

        #expect(configuration.broker.credentials?.extra == ["a": 1, "b": 1, "c": 1_000, "d": 1.5])
        #expect(try self.roundTrip(configuration) == configuration)
        try configuration.validate()
    }

    @Test("is refused by path where no document could say what code has put there, and is not written")
    func unsayable() async throws {
        let nearly = Duration(secondsComponent: 1, attosecondsComponent: 1)
        let configuration = Configuration(
            bus: .init(
                handlerTimeout: nearly,
                failurePolicy: .init(schedule: .fixed([.seconds(1), nearly], then: .zero))
            ),
            broker: .init(
                credentials: .init(extra: ["a": .double(1), "b": .bytes([1]), "c": .double(.infinity), "d": 1]),
                options: .init(["x": [.number(.nan)]])
            ),
            topics: [.init("a.b", schema: ["maximum": .number(.infinity)])]
        )
        let error = #expect(throws: OmnibusError.self) { try configuration.validate() }

        #expect(
            (error?.details as? [ConfigurationFinding]).map { Set($0.map(\.path)) } == [
                "bus.handler_timeout", "bus.failure_policy.delays[1]", "broker.credentials.extra.a",
                "broker.credentials.extra.b", "broker.credentials.extra.c", "broker.options", "topics[0].schema",
            ]
        )
        await expectError(.invalidConfiguration) { _ = try JSONEncoder().encode(configuration) }
    }

    @Test("reads no environment that it was not given")
    func environment() throws {
        let data = Data(#"{"bus": {"source": "${HOME}"}}"#.utf8)
        let error = #expect(throws: OmnibusError.self) { try JSONDecoder().decode(Configuration.self, from: data) }
        #expect(error?.message.contains("no environment is at hand") == true)

        let decoder = JSONDecoder()
        decoder.userInfo[try #require(Configuration.environmentKey)] = ["HOME": "/home"]
        #expect(try decoder.decode(Configuration.self, from: data).bus.source == "/home")
    }

    @Test("is refused with all findings, as from a file")
    func refused() throws {
        let data = Data(#"{"bus": {"sorce": 1}, "topics": [{}]}"#.utf8)
        let error = #expect(throws: OmnibusError.self) { try JSONDecoder().decode(Configuration.self, from: data) }

        #expect((error?.details as? [ConfigurationFinding])?.map(\.path) == ["bus.sorce", "topics[0].name"])
    }

    @Test("that was made in code is validated by the same rules")
    func validation() throws {
        var configuration = Configuration(monitoring: .init(metrics: .init(isEnabled: true, prometheusPort: 0)))
        configuration.bus.handlerTimeout = .seconds(-1)
        configuration.bus.failurePolicy = .init(attempts: 0)
        configuration.broker.credentials = .init(username: "half")
        let error = #expect(throws: OmnibusError.self) { try configuration.validate() }

        #expect(
            (error?.details as? [ConfigurationFinding])?.map(\.path) == [
                "bus.handler_timeout", "bus.failure_policy.attempts", "broker.credentials.password",
                "monitoring.metrics.prometheus_port",
            ]
        )
        try Configuration().validate()
    }
}
