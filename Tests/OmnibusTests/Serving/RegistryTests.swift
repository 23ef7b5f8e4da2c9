// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Testing

@Suite("Registries", .timeLimit(.minutes(5)))
struct RegistryTests {
    let registry = BusRegistry()

    /// Code that knows no more than the protocol.
    private struct Orders {
        let registry: any EventBusRegistry

        func process(_ number: Int) async throws {
            try await self.registry.validate()
            try await self.registry.eventBus?.publish(Step(number: number))
        }
    }

    @Test("give access to the bus that was registered")
    func givesAccess() async throws {
        let bus = EventBus()
        let steps = try await bus.recorder(of: Step.self)
        try self.registry.register(bus)

        try await Orders(registry: self.registry).process(7)
        #expect(try await steps.expect(1) == [Step(number: 7)])
        #expect(self.registry.hasBusAccess)
        #expect(try self.registry.bus() === bus)
        try await bus.shutdown()
    }

    @Test("say that they were asked too early")
    func isTooEarly() async throws {
        #expect(!self.registry.hasBusAccess)
        #expect(self.registry.eventBus == nil)
        await expectError(.notRegistered) { _ = try self.registry.bus() }
        await expectError(.notRegistered) { try await self.registry.validate() }
        await expectError(.notRegistered) { try await Orders(registry: self.registry).process(1) }

        let bus = EventBus()
        try self.registry.register(bus, as: "events")
        let error = await expectError(.notRegistered) { _ = try self.registry.bus("audit") }
        #expect(error?.message.contains("'events'") == true)
        #expect(error?.advice == .retry(after: nil))
        try await bus.shutdown()
    }

    @Test("say that they were asked too late, and take another bus then")
    func isTooLate() async throws {
        let bus = EventBus()
        try self.registry.register(bus)
        try await bus.shutdown()

        #expect(!self.registry.hasBusAccess)
        #expect(self.registry.eventBus == nil)
        await expectError(.busClosed) { _ = try self.registry.bus() }
        await expectError(.busClosed) { try await self.registry.validate() }
        await expectError(.busClosed) { try self.registry.register(bus, as: "again") }
        let next = EventBus()
        try self.registry.register(next)
        #expect(try self.registry.bus() === next)
        try await next.shutdown()
    }

    @Test("take one bus of a name, and say so when they are asked twice")
    func takesOneOfAName() async throws {
        let (first, second) = (EventBus(), EventBus())
        try self.registry.register(first)

        await expectError(.alreadyRegistered) { try self.registry.register(first) }
        await expectError(.alreadyRegistered) { try self.registry.register(second) }
        await expectError(.invalidSettings) { try self.registry.register(second, as: "") }
        try self.registry.register(second, as: "audit")
        #expect(self.registry.names == ["audit", "default"])
        #expect(self.registry.remove() === first)
        #expect(self.registry.remove() == nil)
        await expectError(.notRegistered) { _ = try self.registry.bus() }
        try await self.registry.validate()
        try await first.shutdown()
        try await second.shutdown()
    }

    @Test("take one of many that register at once")
    func takesOneOfMany() async throws {
        let buses = (0..<16).map { _ in EventBus() }
        let registry = self.registry

        let taken = await withTaskGroup(of: Bool.self) { group in
            for bus in buses { group.addTask { (try? registry.register(bus)) != nil } }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(taken == 1)
        #expect(registry.names == ["default"])
        for bus in buses { try await bus.shutdown() }
    }
}
