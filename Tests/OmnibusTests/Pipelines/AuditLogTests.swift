// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import OmnibusTesting
import Synchronization
import Testing

@testable import Omnibus

@Suite("The audit log", .timeLimit(.minutes(5)))
final class AuditLogTests {
    let folder = NSTemporaryDirectory() + "omnibus-audit-\(UUID().uuidString)"
    var path: String { self.folder + "/audit.jsonl" }

    init() throws {
        try FileManager.default.createDirectory(atPath: self.folder, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: self.folder)
    }

    private func lines(_ path: String) throws -> [JSONValue] {
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(text.isEmpty || text.hasSuffix("\n"))
        return try text.split(separator: "\n").map { try JSONValue(parsing: $0) }
    }

    private func message(_ id: String, _ payload: Payload = 1) -> Message {
        var message = Message(topic: "a.b", payload: payload)
        message.id = MessageID(id)
        return message
    }

    @Test("has a line of JSON for each message, bytes that are no JSON as base64")
    func lines() async throws {
        let sink = try JSONLinesSink(path: self.path, flushes: true)
        var first = self.message("1", ["text": "two\nlines"])
        try first.headers.set(.integer(7), for: "number")
        try await sink.receive(first)
        var second = Message(topic: "a.b", bytes: [0xFF])
        second.id = "2"
        try await sink.receive(second)
        let lines = try self.lines(self.path)
        #expect(lines.count == 2)
        #expect(lines[0]["id"] == "1")
        #expect(lines[0]["payload"]?["text"] == "two\nlines")
        #expect(lines[0]["headers"]?["number"] == 7)
        #expect(lines[1]["payload_base64"] == "/w==")
    }

    @Test("goes on where an earlier one ended, and keeps as many files as it may, the oldest going")
    func rotates() async throws {
        let size = try self.message("10").auditLine().count + 1
        for number in 10..<20 {
            let sink = try JSONLinesSink(path: self.path, maximumBytes: 2 * size, maximumFiles: 3)
            try await sink.receive(self.message("\(number)"))
        }
        #expect(try self.lines(self.path).map { $0["id"] } == ["18", "19"])
        #expect(try self.lines(self.path + ".1").map { $0["id"] } == ["16", "17"])
        #expect(try self.lines(self.path + ".2").map { $0["id"] } == ["14", "15"])
        #expect(!FileManager.default.fileExists(atPath: self.path + ".3"))
        let alone = try JSONLinesSink(path: self.path, maximumBytes: 1, maximumFiles: 1)
        try await alone.receive(self.message("20"))
        #expect(try self.lines(self.path).map { $0["id"] } == ["20"])
    }

    @Test(
        "says which file cannot be written, and why",
        arguments: ["", "/nowhere/at/all.jsonl", "/", "a\0b", "/dev/null"]
    )
    func cannotOpen(path: String) throws {
        let error = #expect(throws: OmnibusError.self) { try JSONLinesSink(path: path) }
        #expect(error?.code == .sinkFailed || error?.code == .invalidSettings)
        #expect(error?.message.contains("log file") == true)
    }

    @Test(
        "refuses sizes that are not positive, and more files than can be looked at",
        arguments: [(0, 1), (1, 0), (1, 10_001), (1, .max)]
    )
    func sizes(bytes: Int, files: Int) throws {
        let error = #expect(throws: OmnibusError.self) {
            try JSONLinesSink(path: self.path, maximumBytes: bytes, maximumFiles: files)
        }
        #expect(error?.code == .invalidSettings)
    }

    @Test("fails the delivery when there is no room, which comes again")
    func noRoom() async throws {
        let manual = ManualEnvironment(seed: 86)
        let bus = manual.makeBus()
        let sink = try JSONLinesSink(path: self.path, maximumBytes: 1)
        try await sink.receive(self.message("1"))
        // What is no file stays where it is.
        try FileManager.default.createDirectory(atPath: self.path + ".1", withIntermediateDirectories: true)
        try await bus.forward(
            "#",
            to: [sink],
            with: HandlerSettings(failurePolicy: .retry(.fixed([], then: .seconds(1)), attempts: 2))
        )
        try await bus.publish(Message(topic: "a", payload: 1))
        await bus.settled()
        manual.clock.advance(by: .seconds(1))
        await bus.settled()
        let letter = try #require(try bus.deadLetters.list().first)
        #expect(letter.attempts.count == 2)
        #expect(letter.attempts.first?.error.contains("'\(self.path).1' is a folder") == true)
        #expect(try self.lines(self.path).map { $0["id"] } == ["1"])
        #expect(try self.names() == ["audit.jsonl", "audit.jsonl.1"])
    }

    @Test("shifts older files up to the first name that is free")
    func gaps() async throws {
        let sink = try JSONLinesSink(path: self.path, maximumBytes: 1, maximumFiles: 5)
        for number in 1...4 { try await sink.receive(self.message("\(number)")) }
        try FileManager.default.removeItem(atPath: self.path + ".2")
        try await sink.receive(self.message("5"))
        #expect(try self.lines(self.path + ".1").map { $0["id"] } == ["4"])
        #expect(try self.lines(self.path + ".2").map { $0["id"] } == ["3"])
        #expect(try self.lines(self.path + ".3").map { $0["id"] } == ["1"])
        #expect(try self.names().count == 4)
    }

    @Test("loses nothing where the file cannot be renamed, however often that is tried")
    func cannotRename() async throws {
        // So long that no file can have the name with 'rotating' after it.
        let path = self.folder + "/" + String(repeating: "a", count: 250)
        for (number, name) in ["", ".1", ".2"].enumerated() {
            try (String(decoding: try self.message("\(number)").auditLine(), as: UTF8.self) + "\n")
                .write(toFile: path + name, atomically: false, encoding: .utf8)
        }
        let sink = try JSONLinesSink(path: path, maximumBytes: 1, maximumFiles: 3)
        for _ in 1...3 { await expectError(.sinkFailed) { try await sink.receive(self.message("new")) } }
        for (number, name) in ["", ".1", ".2"].enumerated() {
            #expect(try self.lines(path + name).map { $0["id"] } == [.string("\(number)")])
        }
        #expect(try self.names().count == 3)
    }

    @Test("goes on with a file that was being renamed when the process ended")
    func unfinishedRotation() async throws {
        do {
            let sink = try JSONLinesSink(path: self.path, maximumBytes: 1, maximumFiles: 4)
            try await sink.receive(self.message("1"))
            try await sink.receive(self.message("2"))
        }
        try FileManager.default.moveItem(atPath: self.path, toPath: self.path + ".rotating")
        let sink = try JSONLinesSink(path: self.path, maximumBytes: 1, maximumFiles: 4)
        try await sink.receive(self.message("3"))
        try await sink.receive(self.message("4"))
        for (name, id) in [("", "4"), (".1", "3"), (".2", "2"), (".3", "1")] {
            #expect(try self.lines(self.path + name).map { $0["id"] } == [.string(id)])
        }
        #expect(try self.names().count == 4)
    }

    @Test("makes room where the file is, where a symbolic link leads to it")
    func link() async throws {
        let link = self.folder + "/link"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: self.path)
        let sink = try JSONLinesSink(path: link, maximumBytes: 1)
        for number in 1...2 { try await sink.receive(self.message("\(number)")) }
        #expect(try self.lines(self.path).map { $0["id"] } == ["2"])
        #expect(try self.names() == ["audit.jsonl", "audit.jsonl.1", "link"])
    }

    @Test("has one writer, who may be followed by another")
    func oneWriter() async throws {
        var sink: JSONLinesSink? = try JSONLinesSink(path: self.path, maximumBytes: 1)
        for number in 1...2 {
            try await sink?.receive(self.message("\(number)"))
            let error = await expectError(.invalidSettings) { _ = try JSONLinesSink(path: self.path) }
            #expect(error?.message.contains("'\(self.path)' is written by somebody else") == true)
        }
        sink = nil
        try await JSONLinesSink(path: self.path).receive(self.message("3"))
        #expect(try self.lines(self.path).map { $0["id"] } == ["2", "3"])
    }

    @Test("goes on in a new file where its own was moved away or removed")
    func movedAway() async throws {
        let sink = try JSONLinesSink(path: self.path)
        try await sink.receive(self.message("1"))
        try FileManager.default.moveItem(atPath: self.path, toPath: self.path + "-old")
        try await sink.receive(self.message("2"))
        #expect(try self.lines(self.path + "-old").map { $0["id"] } == ["1"])
        #expect(try self.lines(self.path).map { $0["id"] } == ["2"])
        try FileManager.default.removeItem(atPath: self.path)
        try await sink.receive(self.message("3"))
        #expect(try self.lines(self.path).map { $0["id"] } == ["3"])
        let other = try JSONLinesSink(path: self.path + "-other")
        try FileManager.default.removeItem(atPath: self.path)
        try FileManager.default.moveItem(atPath: self.path + "-other", toPath: self.path)
        await expectError(.invalidSettings) { try await sink.receive(self.message("4")) }
        _ = other
    }

    @Test("goes on where another program has made it shorter")
    func shortened() async throws {
        let sink = try JSONLinesSink(path: self.path, maximumBytes: 400)
        for number in 1...3 { try await sink.receive(self.message("\(number)")) }
        truncate(self.path, 0)
        for number in 4...6 { try await sink.receive(self.message("\(number)")) }
        #expect(try self.lines(self.path).map { $0["id"] } == ["4", "5", "6"])
    }

    @Test("begins a line of its own behind half a line, be it there or made by somebody else")
    func halfLine() async throws {
        try #"{"id":"ha"#.write(toFile: self.path, atomically: false, encoding: .utf8)
        let sink = try JSONLinesSink(path: self.path)
        try await sink.receive(self.message("1"))
        let file = try #require(FileHandle(forUpdatingAtPath: self.path))
        try file.seekToEnd()
        try file.write(contentsOf: Array("half".utf8))
        try await sink.receive(self.message("2"))
        try await sink.receive(self.message("3"))
        let lines = try String(contentsOfFile: self.path, encoding: .utf8).split(separator: "\n")
        #expect(lines.count == 5)
        #expect(try [lines[1], lines[3], lines[4]].map { try JSONValue(parsing: $0)["id"] } == ["1", "2", "3"])
    }

    @Test("does not wait for the reader of a pipe, and takes none")
    func pipe() {
        #expect(mkfifo(self.path, 0o600) == 0)
        let unread = #expect(throws: OmnibusError.self) { try JSONLinesSink(path: self.path) }
        #expect(unread?.message.contains("pipe") == true)
        let reader = open(self.path, O_RDONLY | O_NONBLOCK)
        defer { close(reader) }
        let read = #expect(throws: OmnibusError.self) { try JSONLinesSink(path: self.path) }
        #expect(read?.code == .invalidSettings)
        #expect(read?.message.contains("is a pipe") == true)
    }

    @Test("takes a line back that the disk does not take")
    func flushing() throws {
        let failures = Atomic(2)
        var file = try RotatingFile(path: self.path, maximumBytes: 1_000, maximumFiles: 2, flushes: true) { _ in
            guard failures.subtract(1, ordering: .relaxed).newValue >= 0 else { return 0 }
            errno = EIO
            return -1
        }
        let before = try self.message("1").auditLine()
        for _ in 1...2 {
            let error = #expect(throws: OmnibusError.self) { try file.append(before) }
            #expect(error?.code == .sinkFailed)
            #expect(try self.lines(self.path).isEmpty)
        }
        try file.append(before)
        #expect(try self.lines(self.path).map { $0["id"] } == ["1"])
    }

    @Test("takes nothing back where somebody who asks for no lock has written behind it")
    func foreignLines() throws {
        let path = self.path
        let foreign = try self.message("foreign").auditLine() + [0x0A]
        let failures = Atomic(1)
        var file = try RotatingFile(path: path, maximumBytes: 1_000, maximumFiles: 2, flushes: true) { _ in
            guard failures.subtract(1, ordering: .relaxed).newValue >= 0 else { return 0 }
            let other = open(path, O_WRONLY | O_APPEND)
            defer { close(other) }
            #expect(write(other, foreign, foreign.count) == foreign.count)
            errno = EIO
            return -1
        }
        let line = try self.message("1").auditLine()
        let error = #expect(throws: OmnibusError.self) { try file.append(line) }
        #expect(error?.code == .sinkFailed)
        try file.append(line)
        #expect(try self.lines(path).map { $0["id"] } == ["1", "foreign", "1"])
    }

    @Test("outlives a limit on the size of files, and takes back the half of a line that still fitted")
    func limitedFiles() async throws {
        await #expect(processExitsWith: .success) { [path = self.path as String] in
            let line = [UInt8](repeating: 0x61, count: 99)
            var limit = rlimit(rlim_cur: 250, rlim_max: 250)
            var file = try RotatingFile(path: path, maximumBytes: 1_000, maximumFiles: 2)
            #expect(setrlimit(fileSizeLimit, &limit) == 0)
            for _ in 1...2 { try file.append(line) }
            for _ in 1...2 { #expect(throws: OmnibusError.self) { try file.append(line) } }
            #expect(try String(contentsOfFile: path, encoding: .utf8).utf8.count == 200)
        }
    }

    private func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: self.folder).sorted()
    }
}

#if canImport(Glibc)
    private let fileSizeLimit = __rlimit_resource_t(RLIMIT_FSIZE.rawValue)
#else
    private let fileSizeLimit = RLIMIT_FSIZE
#endif
