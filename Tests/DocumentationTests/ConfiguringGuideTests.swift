// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Omnibus
import Testing

@Suite("The guide to configurations", .timeLimit(.minutes(5)))
struct ConfiguringGuideTests {
    /// The block of the guide that is written in JSON.
    private func sample() throws -> String {
        let lines = try Repository.lines("Docs/Guides/configuring-a-bus.md")
        let start = try #require(lines.firstIndex(of: "```json")) + 1
        let end = try #require(lines[start...].firstIndex(of: "```"))
        return lines[start..<end].joined(separator: "\n")
    }

    @Test("reads its own sample, changes it, and finds what is wrong")
    func guide() async throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "omnibus-\(UUID().uuidString).json")
        try Data(try self.sample().utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let path = file.path()

        let configuration = try Configuration(file: path)
        let bus = try EventBus(configuration: configuration)
        try await bus.connect()

        #expect(bus.settings.source == "billing")
        #expect(bus.settings.failurePolicy.attempts == 4)
        #expect(try await bus.provider.info(of: "invoices.issued")?.configuration.durability == .retained)

        try await bus.connect(retrying: FailurePolicy(attempts: 10, schedule: .exponential(cap: .seconds(30))))

        let plain = try Configuration(environment: ["OMNIBUS_BUS_SOURCE": "billing", "REDIS_URL": "redis://redis:6379"])
        let changed = try configuration.overridden(by: ["OMNIBUS_BUS_HANDLER_TIMEOUT": "5s"])
        print(plain.broker.redisURL.map { "\($0)" } ?? "no address", changed.bus.handlerTimeout ?? .zero)

        #expect(plain.broker.redisURL?.host == "redis:6379")
        #expect(changed.bus.handlerTimeout == .seconds(5))

        let inCode = Configuration(
            bus: .init(source: "billing", handlerTimeout: .seconds(30)),
            topics: [.init("invoices.issued", retention: .init(maximumAge: .seconds(86_400)))]
        )
        try inCode.validate()

        do {
            _ = try Configuration(text: #"{"topics": [{"name": "a", "retention": {"maxAge": "a day"}}], "borker": {}}"#)
        } catch {
            print(error.message)
        }

        let credentials = EventBusCredentials(username: "billing", password: Secret("hunter2"))
        try credentials.validate()
        print(credentials, credentials.isSecure)

        #expect("\(credentials) \(credentials.isSecure)" == "EventBusCredentials(username, password) false")

        let factory = ProviderFactory("acme", honours: [.options]) { configuration, environment in
            InMemoryBroker(environment: environment)
        }
        let registry = try ProviderRegistry.standard.registering(factory)
        let acme = try EventBus(configuration: Configuration(broker: .init(backend: "acme")), registry: registry)

        #expect(acme.provider is InMemoryBroker)
        try await acme.shutdown()
        try await bus.shutdown()
    }

    @Test("prints the findings that it shows")
    func findings() throws {
        let text = try Repository.lines("Docs/Guides/configuring-a-bus.md").joined(separator: " ")
        let error = #expect(throws: OmnibusError.self) {
            try Configuration(text: #"{"topics": [{"name": "a", "retention": {"maxAge": "a day"}}], "borker": {}}"#)
        }

        for line in try #require(error).message.split(separator: "\n") { #expect(text.contains(line), "\(line)") }
    }

    @Test("takes the back end from a variable")
    func backend() throws {
        let redis = try Configuration(text: self.sample(), environment: ["BILLING_BACKEND": "redis"])
        let error = #expect(throws: OmnibusError.self) { try EventBus(configuration: redis) }

        #expect(error?.code == .unsupported)
        #expect(error?.message.contains("'OmnibusRedis'") == true)
    }

    @Test("lists every key")
    func keys() throws {
        let text = try Repository.lines("Docs/Guides/configuring-a-bus.md").joined(separator: "\n")
        for path in Configuration.settablePaths {
            let key = try #require(path.last)
            #expect(text.contains("`\(key)`") || text.contains(".\(key)`"), "\(path.joined(separator: "."))")
        }
    }
}
