// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Omnibus
import OmnibusTesting
import Testing

@Suite("Logs of JSON lines", .timeLimit(.minutes(5)))
struct JSONLinesLogTests {
    let clock = ManualClock()
    let lines = EventRecorder<String>()

    private func makeLog(_ level: LogLevel = .trace) throws -> JSONLinesLog {
        let lines = self.lines
        return try JSONLinesLog(level: level, to: .lines { lines.record($0) }, clock: self.clock)
    }

    private func parsed() throws -> [JSONValue] {
        try self.lines.all.map { try JSONValue(parsing: $0) }
    }

    @Test("write time, level, message and values, in order")
    func writes() throws {
        let log = try self.makeLog()

        log.emit(.info, "Processing event", ["topic": "a", "partition": 0, "ratio": 0.5, "first": true])
        log.emit(.error, "line\n\"break\"\u{0}")
        let lines = try self.parsed()
        #expect(
            lines[0] == [
                "time": .string(self.clock.now.description), "level": "info", "message": "Processing event",
                "data": ["topic": "a", "partition": 0, "ratio": 0.5, "first": true],
            ]
        )
        #expect(lines[0].objectValue?.names == ["time", "level", "message", "data"])
        #expect(lines[1]["message"] == "line\n\"break\"\u{0}")
        #expect(lines[1]["data"] == nil)
        #expect(self.lines.all.allSatisfy { !$0.contains("\n") })
    }

    @Test("leave out what matters less than their level", arguments: LogLevel.allCases)
    func filters(level: LogLevel) throws {
        let log = try self.makeLog(level)

        for other in LogLevel.allCases { log.emit(other, "x") }
        #expect(
            try self.parsed().map { $0["level"]?.stringValue } == LogLevel.allCases.filter { $0 >= level }.map(\.name)
        )
    }

    @Test("keep a line whose numbers JSON cannot say")
    func keepsLines() throws {
        let log = try self.makeLog()

        log.emit(.info, "odd", ["a": .number(.infinity), "b": 1])
        #expect(try self.parsed()[0]["data"]?.stringValue?.contains("inf") == true)
    }

    @Test("append to a file, and to what it held before")
    func appends() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "omnibus-\(UUID().uuidString).log").path()
        defer { try? FileManager.default.removeItem(atPath: path) }

        for round in 0..<2 {
            let log = try JSONLinesLog(to: .file(path))
            for number in 0..<50 { log.emit(.info, "\(round)-\(number)") }
            #expect(log.lostLines == 0)
        }
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
        #expect(lines.count == 100)
        #expect(try JSONValue(parsing: lines[99])["message"] == "1-49")
    }

    @Test("do not mix the lines of several threads")
    func keepsLinesApart() async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "omnibus-\(UUID().uuidString).log").path()
        defer { try? FileManager.default.removeItem(atPath: path) }
        let log = try JSONLinesLog(to: .file(path))

        await withTaskGroup(of: Void.self) { group in
            for task in 0..<4 {
                group.addTask {
                    for number in 0..<200 {
                        log.emit(.info, String(repeating: "\(task)", count: 100), ["n": JSONValue(number)])
                    }
                }
            }
        }
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
        #expect(lines.count == 800)
        for line in lines { #expect((try? JSONValue(parsing: line)) != nil) }
    }

    @Test("name a file that cannot be written, and why", arguments: ["/", "/nowhere/at/all.log", "", "a\u{0}b"])
    func namesFiles(path: String) async {
        let error = await expectError(.invalidSettings) { _ = try JSONLinesLog(to: .file(path)) }
        #expect(error?.message.contains("log file") == true)
    }

    @Test(
        "count lines that a full disk does not take",
        .enabled(if: FileManager.default.fileExists(atPath: "/dev/full"), "there is no /dev/full")
    )
    func countsLostLines() throws {
        let log = try JSONLinesLog(to: .file("/dev/full"))

        log.emit(.error, "lost")
        log.emit(.debug, "not wanted")
        log.emit(.error, "lost")
        #expect(log.lostLines == 2)
        #expect(log.lastFailure?.isEmpty == false)
    }

    @Test("begin a line of their own behind the half of one")
    func halfLine() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "omnibus-\(UUID().uuidString).log").path()
        defer { try? FileManager.default.removeItem(atPath: path) }
        try #"{"time":"#.write(toFile: path, atomically: false, encoding: .utf8)

        let log = try JSONLinesLog(to: .file(path))
        for number in 1...2 { log.emit(.info, "\(number)") }
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
        #expect(lines.count == 3)
        #expect(try lines.dropFirst().map { try JSONValue(parsing: $0)["message"] } == ["1", "2"])
    }

    @Test("refuse a pipe that nobody reads, and lose what one that is read has no room for")
    func pipes() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "omnibus-\(UUID().uuidString).pipe").path()
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect(mkfifo(path, 0o600) == 0)
        let error = #expect(throws: OmnibusError.self) { try JSONLinesLog(to: .file(path)) }
        #expect(error?.code == .invalidSettings)
        #expect(error?.message.contains("a pipe that nobody reads") == true)

        let reader = open(path, O_RDONLY | O_NONBLOCK)
        let log = try JSONLinesLog(to: .file(path))
        let text = String(repeating: "x", count: 10_000)
        var written = 0
        while log.lostLines == 0, written < 1_000 {
            log.emit(.info, text)
            written += 1
        }
        #expect(log.lostLines == 1)
        close(reader)
        log.emit(.info, "nobody reads")
        #expect(log.lostLines == 2)
    }

    @Test("outlive the reader of a pipe")
    func signals() async throws {
        await #expect(processExitsWith: .success) {
            var ends: [Int32] = [0, 0]
            #expect(pipe(&ends) == 0)
            let log = try JSONLinesLog(to: .file("/dev/fd/\(ends[1])"))
            log.emit(.info, "read")
            close(ends[0])
            log.emit(.info, "lost")
            #expect(log.lostLines == 1)
            #expect(log.lastFailure?.isEmpty == false)
            var waiting = sigset_t()
            sigpending(&waiting)
            #expect(sigismember(&waiting, SIGPIPE) == 0)
        }
    }

    @Test("understand the names of levels")
    func readsLevels() throws {
        #expect(LogLevel(name: "INFO") == .info)
        #expect(LogLevel(name: "warn") == .warning)
        #expect(LogLevel(name: "Fatal") == .critical)
        #expect(LogLevel(name: "loud") == nil)
        let levels = try JSONCodec().decode([LogLevel].self, from: Array(#"["debug","CRITICAL"]"#.utf8))
        #expect(levels == [.debug, .critical])
        #expect(throws: (any Error).self) { try JSONCodec().decode([LogLevel].self, from: Array(#"["loud"]"#.utf8)) }
    }

    @Test("tell of the bus's signals: slow queues, drops, dead letters and circuit breakers")
    func logsSignals() async throws {
        let bus = ManualEnvironment(seed: 3).makeBus()
        let listener = bus.log(to: try self.makeLog())
        let opened = EventRecorder<BusSignal>()
        bus.onSignal { if $0.kind == .breakerOpened { opened.record($0) } }
        let settings = HandlerSettings(
            failurePolicy: .noRetry,
            bounds: QueueBounds(count: 4),
            overflow: .dropOldest,
            circuitBreaker: CircuitBreaker(failures: 2, cooldown: .seconds(60))
        )
        let subscription = try await bus.subscribe(to: Step.self, group: "g", with: settings) { _ in throw Broken() }
        try await subscription.pause()
        for number in 0..<6 { try await bus.publish(Step(number: number)) }
        try await subscription.resume()
        _ = try await opened.expect(1)

        let lines = try self.parsed()
        func line(_ kind: String) -> JSONValue? { lines.first { $0["data"]?["kind"]?.stringValue == kind } }
        #expect(line("slow")?["level"] == "warning")
        #expect(line("dropping")?["level"] == "warning")
        #expect(line("deadLettered")?["level"] == "error")
        #expect(line("deadLettered")?["data"]?["topic"] == "job.step")
        #expect(line("breakerOpened")?["data"]?["group"] == "g")
        #expect(line("slow")?["data"]?["bus"]?.stringValue == bus.busID)
        #expect(line("slow")?["data"]?["call_site"]?.stringValue?.contains("JSONLinesLogTests.swift") == true)
        listener.cancel()
        let count = self.lines.count
        try await bus.publish(Message(topic: "nobody", payload: "x"))
        #expect(self.lines.count == count)
        try await bus.shutdown(deadline: .zero)
    }

    @Test("can be any other logger's, in a few lines")
    func bridges() async throws {
        struct Bridge: EventBusLogEmitter {
            let lines: EventRecorder<String>
            func emit(_ level: LogLevel, _ message: String, _ data: JSONObject) {
                self.lines.record("\(level.name): \(data.map { "\($0.name)=\($0.value)" }.joined(separator: " "))")
            }
        }
        let bus = EventBus()
        bus.log(to: Bridge(lines: self.lines))

        try await bus.publish(Step(number: 1))
        #expect(self.lines.all.first?.hasPrefix("debug: kind=\"unrouted\"") == true)
        try await bus.shutdown()
    }
}
