// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Omnibus
import OmnibusTesting
import Testing

@Suite("A service made of a configuration", .timeLimit(.minutes(5)))
struct ConfiguredServiceTests {
    let seen = EventRecorder<Int>()

    private func makeService(_ configuration: Configuration, log: (any EventBusLogEmitter)? = nil) throws -> BusService
    {
        let seen = self.seen
        return try BusService(configuration: configuration, log: log) { bus in
            try await bus.subscribe(to: Step.self) { seen.record($0.number) }
        }
    }

    private var configuration: Configuration {
        Configuration(
            bus: .init(source: "orders", handlerTimeout: .seconds(7)),
            topics: [.init("job.step", durability: .retained)]
        )
    }

    @Test("has its topics and settings, at every start")
    func starts() async throws {
        let service = try self.makeService(self.configuration)
        for round in 1...2 {
            try await service.start()
            let bus = try service.bus
            #expect(bus.settings.source == "orders")
            #expect(bus.settings.handlerTimeout == .seconds(7))
            #expect(try await bus.provider.info(of: "job.step")?.configuration.durability == .retained)
            try await bus.publish(Step(number: round))
            try await service.stop()
        }
        #expect(self.seen.all == [1, 2])
    }

    @Test("writes to the log that the configuration names")
    func logs() async throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("service-\(UUID())")
        defer { try? FileManager.default.removeItem(at: file) }
        var configuration = self.configuration
        configuration.monitoring = .init(logging: .init(format: .text, output: file.path))
        let service = try self.makeService(configuration)
        try await service.start()
        try await service.stop()
        let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
        #expect(lines.count == 2)
        #expect(lines.first?.contains(" INFO The service was started. service=default bus=") == true, "\(lines)")
    }

    @Test("changes what can be changed while it runs, names the rest, and keeps what was changed")
    func updates() async throws {
        let service = try self.makeService(self.configuration)
        try await service.start()
        var changed = self.configuration
        changed.bus.handlerTimeout = .seconds(9)
        try await service.update(changed)
        #expect(try service.bus.currentSettings.handlerTimeout == .seconds(9))

        var other = changed
        other.topics = []
        other.broker.deadLetters = .init(maximumCount: 5)
        let error = await expectError(.unsupported) { try await service.update(other) }
        #expect(error?.message.contains("'broker', 'topics'") == true)
        var renamed = changed
        renamed.bus.source = "other"
        await expectError(.unsupported) { try await service.update(renamed) }
        renamed.topics = []
        let both = await expectError(.unsupported) { try await service.update(renamed) }
        #expect(both?.message.contains("'topics', 'source'") == true)
        #expect(try service.bus.currentSettings.handlerTimeout == .seconds(9))

        try await service.stop()
        try await service.update(other)
        try await service.start()
        #expect(try service.bus.settings.handlerTimeout == .seconds(9))
        #expect(try await service.bus.provider.info(of: "job.step")?.configuration.durability == .ephemeral)
        try await service.stop()
    }

    @Test("opens the log of its configuration at each start")
    func changesLog() async throws {
        let files = (0..<2).map { _ in FileManager.default.temporaryDirectory.appending(path: "service-\(UUID())") }
        defer { for file in files { try? FileManager.default.removeItem(at: file) } }
        var configuration = self.configuration
        configuration.monitoring = .init(logging: .init(output: files[0].path))
        let service = try self.makeService(configuration)
        try await service.start()
        try await service.stop()
        configuration.monitoring?.logging?.output = files[1].path
        try await service.update(configuration)
        try await service.start()
        try await service.stop()
        for file in files {
            let lines = try String(contentsOf: file, encoding: .utf8)
            #expect(lines.components(separatedBy: "was started").count == 2, "\(lines)")
        }
    }

    @Test("takes what a configuration says, and of the rest what it was told last")
    func combines() async throws {
        let service = try self.makeService(self.configuration)
        try await service.start()
        var settings = service.configuration
        settings.handlerTimeout = .seconds(3)
        settings.bounds = QueueBounds(count: 5)
        try await service.update(settings)
        #expect(service.configuration.handlerTimeout == .seconds(3))
        #expect(service.busConfiguration == self.configuration)

        try await service.update(self.configuration)
        #expect(service.configuration.handlerTimeout == .seconds(7))
        #expect(service.configuration.bounds.count == 5)
        var silent = self.configuration
        silent.bus.handlerTimeout = nil
        try await service.update(silent)
        #expect(try service.bus.currentSettings.handlerTimeout == .seconds(3))
        #expect(service.busConfiguration == silent)
        #expect(BusService { _ in }.busConfiguration == nil)
        try await service.stop()
    }

    @Test("refuses what makes no sense when it is made, and what nobody honours when it starts")
    func refuses() async throws {
        let nowhere = Configuration(monitoring: .init(logging: .init(output: "/nonexistent/bus.log")))
        await expectError(.invalidConfiguration) { _ = try self.makeService(nowhere) }
        let service = try self.makeService(
            Configuration(broker: .init(backend: .kafka, kafkaServers: ["localhost:9092"]))
        )
        await expectError(.unsupported) { try await service.start() }
        #expect(!service.isRunning)

        let plain = BusService { _ in }
        await expectError(.unsupported) { try await plain.update(self.configuration) }
    }

    @Test("is a context too, which makes and connects a bus for a while")
    func context() async throws {
        let context = BusContext(configuration: self.configuration)
        let source = try await context.withEventBus { bus in
            try await bus.publish(Step(number: 1))
            return bus.settings.source
        }
        #expect(source == "orders")
    }
}
