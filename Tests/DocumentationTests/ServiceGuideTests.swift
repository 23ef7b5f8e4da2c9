// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Testing

@Suite("The guide to services", .timeLimit(.minutes(5)))
struct ServiceGuideTests {
    let done = EventRecorder<String>()
    let lines = EventRecorder<String>()

    @Test("starts, publishes, asks, changes and stops")
    func runsThrough() async throws {
        let done = self.done
        let log = PlainLog()
        let registry = BusRegistry()
        let service = BusService(registry: registry, log: log) { bus in
            try await bus.subscribe(to: TaskCreated.self, group: "workers") { task in done.record(task.taskID) }
        }
        try await service.start()

        try await registry.bus().publish(TaskCreated(taskID: "1", prompt: "Read the news"))

        let receipt = try registry.bus().enqueue(TaskCreated(taskID: "2", prompt: "Write a summary"))
        try await registry.bus().flush()
        print(try await receipt.value().messageID)

        let health = await service.health()
        for finding in health.findings { print(finding.kind, finding.name, finding.since as Any) }

        var settings = service.configuration
        settings.handlerTimeout = .seconds(10)
        try await service.update(settings)

        #expect(health.status == .healthy)
        #expect(try service.bus.currentSettings.handlerTimeout == .seconds(10))
        try await service.stop()
        #expect(done.all == ["1", "2"])
        await #expect(throws: OmnibusError.self) { try await registry.bus().publish(TaskCompleted(taskID: "1")) }
    }

    @Test("writes lines")
    func logs() throws {
        let lines = self.lines
        let log = try JSONLinesLog(level: .info, to: .lines { lines.record($0) })

        log.emit(.info, "Started.", ["service": "a"])
        log.emit(.debug, "Not wanted.")
        #expect(lines.count == 1)
        #expect(try JSONValue(parsing: lines.all[0])["data"]?["service"] == "a")
    }
}

struct PlainLog: EventBusLogEmitter {
    func emit(_ level: LogLevel, _ message: String, _ data: JSONObject) {
        print(level.name, message, data.map { "\($0.name)=\($0.value)" }.joined(separator: " "))
    }
}
