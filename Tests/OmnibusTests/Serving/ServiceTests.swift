// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Testing

@Suite("Services", .timeLimit(.minutes(5)))
struct ServiceTests {
    let manual = ManualEnvironment(seed: 31)
    let registry = BusRegistry()
    let seen = EventRecorder<Int>()
    let lines = EventRecorder<String>()

    private func makeService(_ settings: BusSettings = BusSettings()) throws -> BusService {
        let (seen, lines) = (self.seen, self.lines)
        return BusService(
            settings,
            environment: self.manual.environment,
            registry: self.registry,
            log: try JSONLinesLog(level: .debug, to: .lines { lines.record($0) }, clock: self.manual.clock)
        ) { bus in
            try await bus.subscribe(to: Step.self) { seen.record($0.number) }
        }
    }

    @Test("run between start and stop, and again")
    func startsAndStops() async throws {
        let service = try self.makeService()
        #expect(!service.isRunning)

        for round in 1...2 {
            try await service.start()
            #expect(service.isRunning)
            #expect(try self.registry.bus() === service.bus)
            try await self.registry.bus().publish(Step(number: round))
            try await service.stop()
            #expect(!service.isRunning)
            #expect(self.registry.names.isEmpty)
        }
        #expect(self.seen.all == [1, 2])
        #expect(self.lines.all.count { $0.contains("was started") } == 2)
        #expect(self.lines.all.count { $0.contains("was stopped") } == 2)
    }

    @Test("say that they run already, or do not run")
    func refusesTwice() async throws {
        let service = try self.makeService()
        try await service.stop()
        await expectError(.notRunning) { _ = try service.bus }
        await expectError(.notRunning) { _ = try await service.metrics() }

        try await service.start()
        await expectError(.alreadyRunning) { try await service.start() }
        try await service.stop()
        try await service.stop()
    }

    @Test("do not start when setting up fails, and leave nothing behind")
    func failsToStart() async throws {
        let made = EventRecorder<EventBus>()
        let isBroken = Switch()
        let service = BusService(registry: self.registry) { bus in
            made.record(bus)
            try await bus.subscribe(to: Step.self) { _ in }
            if isBroken.isOn { throw Broken() }
        }

        await #expect(throws: Broken.self) { try await service.start() }
        #expect(!service.isRunning)
        #expect(self.registry.names.isEmpty)
        await expectError(.busClosed) { try await made.all[0].publish(Step(number: 1)) }
        isBroken.turn(on: false)
        try await service.start()
        try await service.stop()
    }

    @Test("do not take a registry's name from another bus")
    func leavesNames() async throws {
        let other = EventBus()
        try self.registry.register(other)
        let service = try self.makeService()

        await expectError(.alreadyRegistered) { try await service.start() }
        #expect(try self.registry.bus() === other)
        try await other.shutdown()
    }

    @Test(
        "end run() when they are stopped, when their bus is shut down, and when the task is cancelled",
        arguments: 0..<3
    )
    func runs(way: Int) async throws {
        let service = try self.makeService()
        let running = Task { try await service.run() }
        // Its first line says that it was started.
        _ = try await self.lines.expect(1)
        let bus = try service.bus

        switch way {
        case 0: try await service.stop()
        case 1: try await bus.shutdown()
        default: running.cancel()
        }
        try await running.value
        #expect(!service.isRunning)
        #expect(self.registry.names.isEmpty)
        await expectError(.busClosed) { try await bus.publish(Step(number: 1)) }
    }

    @Test("are down while they do not run, and healthy while nothing is stuck")
    func tellsHealth() async throws {
        let service = try self.makeService()
        #expect(await service.health().status == .down)

        try await service.start()
        #expect(await service.health() == EventBusHealth([], at: self.manual.clock.now))
        #expect(await service.health().status == .healthy)
        try await service.stop()
        #expect(await service.health().status == .down)
    }

    @Test("count since their start")
    func counts() async throws {
        let service = try self.makeService()
        try await service.start()
        try await service.bus.publish(Step(number: 1))
        self.manual.clock.advance(by: .seconds(5))

        let metrics = try await service.metrics()
        #expect(metrics.bus.published == 1)
        #expect(metrics.starts == 1)
        #expect(metrics.uptime == .seconds(5))
        #expect(self.manual.clock.now - metrics.startedAt == .seconds(5))
        try await service.stop()
    }

    @Test("change what can be changed, for subscriptions made from then on")
    func updates() async throws {
        let service = try self.makeService()
        try await service.start()
        let bus = try service.bus
        var settings = service.configuration
        settings.bounds = QueueBounds(count: 2)
        settings.overflow = .reject
        settings.handlerTimeout = .seconds(3)
        settings.failurePolicy = .noRetry

        try await service.update(settings)
        #expect(service.configuration.bounds.count == 2)
        #expect(bus.currentSettings.handlerTimeout == .seconds(3))
        let late = try await bus.subscribe(to: StepDone.self) { _ in }
        try await late.pause()
        try await bus.publish(StepDone(number: 1))
        try await bus.publish(StepDone(number: 2))
        await expectError(.overflow) { try await bus.publish(StepDone(number: 3)) }
        for number in 0..<100 { try await bus.publish(Step(number: number)) }
        try await late.resume()
        try await service.stop()
        #expect(self.seen.count == 100)
    }

    @Test("refuse by name what cannot be changed, and change nothing then")
    func refusesUpdates() async throws {
        let service = try self.makeService()
        try await service.start()
        var settings = service.configuration
        settings.source = "another"
        settings.enqueueBounds = QueueBounds(count: 1)
        settings.rememberedMessages = 7
        settings.publishMiddleware = [.changing("x") { _ in }]
        settings.bounds = QueueBounds(count: 1)

        let error = await expectError(.unsupported) { try await service.update(settings) }
        for name in ["'source'", "'enqueueBounds'", "'publishMiddleware'", "'rememberedMessages'"] {
            #expect(error?.message.contains(name) == true)
        }
        #expect(error?.message.contains("'bounds'") == false)
        #expect(try service.bus.currentSettings.bounds == QueueBounds())
        settings = service.configuration
        settings.bounds = QueueBounds(count: 0)
        await expectError(.invalidSettings) { try await service.update(settings) }
        settings = service.configuration
        settings.handlerTimeout = .zero
        await expectError(.invalidSettings) { try await service.update(settings) }
        try await service.stop()

        settings = service.configuration
        settings.source = "another"
        try await service.update(settings)
        try await service.start()
        #expect(try service.bus.settings.source == "another")
        try await service.stop()
    }

    @Test("are not stopped by a handler of theirs, which would wait for itself")
    func refusesStopInHandler() async throws {
        let codes = EventRecorder<OmnibusError.Code>()
        let holder = EventRecorder<BusService>()
        let service = BusService { bus in
            try await bus.subscribe(to: Step.self) { _ in
                do { try await holder.all[0].stop() } catch let error as OmnibusError { codes.record(error.code) }
            }
        }
        holder.record(service)
        try await service.start()

        try await service.bus.publish(Step(number: 1))
        #expect(try await codes.expect(1) == [.wouldDeadlock])
        try await service.stop()
    }

    @Test("take or refuse each setting by name, whichever there are")
    func coversSettings() async throws {
        let changes: [String: (inout BusSettings) -> Void] = [
            "source": { $0.source = "another" }, "codec": { $0.codec = OtherCodec() },
            "compression": { $0.compression = CompressionSettings(limit: 7) },
            "failurePolicy": { $0.failurePolicy = .noRetry }, "handlerTimeout": { $0.handlerTimeout = .seconds(3) },
            "bounds": { $0.bounds = QueueBounds(count: 3) }, "overflow": { $0.overflow = .reject },
            "enqueueBounds": { $0.enqueueBounds = QueueBounds(count: 3) },
            "publishMiddleware": { $0.publishMiddleware = [.changing("x") { _ in }] },
            "handleMiddleware": { $0.handleMiddleware = [.changing("x") { $0 }] },
            "metrics": { $0.metrics.measuresLatency = true }, "debugEvents": { $0.debugEvents.toggle() },
            "rememberedMessages": { $0.rememberedMessages = 3 },
        ]
        #expect(Set(Mirror(reflecting: BusSettings()).children.compactMap(\.label)) == Set(changes.keys))
        let service = try self.makeService()
        try await service.start()
        for (name, change) in changes {
            var settings = BusSettings()
            change(&settings)
            if ["failurePolicy", "handlerTimeout", "bounds", "overflow"].contains(name) {
                try await service.update(settings)
            } else {
                let error = await expectError(.unsupported) { try await service.update(settings) }
                #expect(error?.message.contains("'\(name)'") == true)
            }
        }
        try await service.stop()
    }

    @Test("are stopped while they start: what it waits for is cancelled, and run() ends", arguments: [false, true])
    func stopsWhileStarting(isStubborn: Bool) async throws {
        let gate = Gate()
        let made = EventRecorder<EventBus>()
        let service = BusService(registry: self.registry) { bus in
            made.record(bus)
            if isStubborn { await gate.passStubbornly() } else { try await gate.pass() }
        }
        let running = Task { try await service.run() }
        let bus = try await made.expect(1)[0]
        try await gate.arrivals(1)
        await expectError(.notRunning) { try await service.update(BusSettings()) }
        #expect(await service.health().findings.map(\.name) == ["the service 'default' is being started"])

        let stops = (0..<2).map { _ in Task { try await service.stop() } }
        if isStubborn { gate.open() }
        for stop in stops { try await stop.value }
        try await running.value
        #expect(!service.isRunning)
        #expect(self.registry.names.isEmpty)
        await expectError(.busClosed) { try await bus.publish(Step(number: 1)) }
        gate.open()
        try await service.start()
        try await service.stop()
    }

    @Test("tell who starts them that they were stopped meanwhile, be it by the set-up itself")
    func tellsOfStop() async throws {
        let holder = EventRecorder<BusService>()
        let codes = EventRecorder<OmnibusError.Code>()
        let service = BusService { _ in
            do { try await holder.all[0].stop() } catch let error as OmnibusError { codes.record(error.code) }
        }
        holder.record(service)

        let error = await expectError(.cancelled) { try await service.start() }
        #expect(error?.message.contains("was stopped while it was being started") == true)
        #expect(codes.all == [.cancelled])
        #expect(!service.isRunning)
    }

    @Test("say what is stuck while they are being stopped, and since when they are")
    func tellsHealthWhileStopping() async throws {
        let gate = Gate()
        let settings = BusSettings(failurePolicy: .noRetry, handlerTimeout: .seconds(1))
        let service = BusService(settings, environment: self.manual.environment) { bus in
            try await bus.subscribe(to: Step.self) { _ in await gate.passStubbornly() }
        }
        try await service.start()
        #expect(await service.health().status == .healthy)
        try await service.bus.publish(Step(number: 1))
        try await gate.arrivals(1)
        try await self.manual.clock.timers(atLeast: 1)
        self.manual.clock.advance(by: .seconds(1))
        // The handler is reported a second later; the other timer is the deadline of the stop.
        try await self.manual.clock.timers(atLeast: 1)

        let since = self.manual.clock.now
        let stop = Task { try await service.stop() }
        try await self.manual.clock.timers(atLeast: 2)
        let health = await service.health()
        #expect(health.status == .down)
        #expect(Set(health.findings.map(\.kind)) == [.closed, .stuckHandler])
        #expect(health.findings.allSatisfy { $0.since == since }, "\(health)")
        #expect(health.description.contains("the service 'default' is being stopped since"))

        gate.open()
        try await stop.value
        #expect(await service.health().findings.map(\.since) == [self.manual.clock.now])
    }
}

/// A codec that is not the one that there is without it.
private struct OtherCodec: PayloadCodec {
    let json = JSONCodec()
    var contentType: String { self.json.contentType }
    func encode(_ value: some Encodable) throws -> [UInt8] { try self.json.encode(value) }
    func decode<Value: Decodable>(_ type: Value.Type, from bytes: some Sequence<UInt8>) throws -> Value {
        try self.json.decode(type, from: bytes)
    }
}
