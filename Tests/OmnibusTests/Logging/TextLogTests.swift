// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Omnibus
import OmnibusTesting
import Testing

@Suite("Logs of text", .timeLimit(.minutes(5)))
struct TextLogTests {
    let clock = ManualClock()
    let lines = EventRecorder<String>()

    private func makeLog(_ level: LogLevel = .trace) throws -> TextLog {
        let lines = self.lines
        return try TextLog(level: level, to: .lines { lines.record($0) }, clock: self.clock)
    }

    @Test("write time, level, message and values in a line")
    func writes() throws {
        let log = try self.makeLog()
        log.emit(.info, "Processing event", ["topic": "a.b", "partition": 0, "text": "two words", "list": [1, "x"]])
        log.emit(.warning, "done")
        #expect(
            self.lines.all == [
                #"\#(self.clock.now) INFO Processing event topic=a.b partition=0 text="two words" list=[1,"x"]"#,
                "\(self.clock.now) WARNING done",
            ]
        )
    }

    @Test("let nothing in a text look like another line or another value")
    func escapes() throws {
        let log = try self.makeLog()
        log.emit(.error, "broken\n2026 INFO forged\u{1B}[2J\u{202E}", ["a": "x\ny", "b\n": "c d=e", "e": ""])
        let line = try #require(self.lines.all.first)
        #expect(line.hasSuffix(#"ERROR "broken\n2026 INFO forged\u001b[2J\u202e" a="x\ny" "b\n"="c d=e" e="""#))
        #expect(!line.contains("\n"))
    }

    @Test(
        "can be taken apart in one way only",
        arguments: [
            ("done payload=x level=error", #""done payload=x level=error""#),
            (#"said "no""#, #""said \"no\"""#),
            (#"a\nb"#, #""a\\nb""#),
            ("a\nb", #""a\nb""#),
            ("", #""""#),
            ("\u{85}\u{9B}\u{7F}", #""\u0085\u009b\u007f""#),
            ("\u{2028}\u{2029}\u{2066}\u{200B}", #""\u2028\u2029\u2066\u200b""#),
            ("\u{E0041}", #""\udb40\udc41""#),
            ("Größe: 3 [of 4], naïve 😀", "Größe: 3 [of 4], naïve 😀"),
        ]
    )
    func sentences(message: String, written: String) throws {
        let log = try self.makeLog()
        log.emit(.info, message, ["kind": "slow"])
        #expect(self.lines.all == ["\(self.clock.now) INFO \(written) kind=slow"])
        // Strings of JSON they are, for any reader of JSON.
        if written != message { #expect(try JSONValue(parsing: written) == .string(message)) }
    }

    @Test("tell texts that look like lists or objects from those")
    func brackets() throws {
        let log = try self.makeLog()
        log.emit(.info, "x", ["a": "[1]", "b": [1], "c": "{}", "d": [:], "e": ["\u{202E}"], "f g": 1])
        #expect(self.lines.all.first?.hasSuffix(#" x a="[1]" b=[1] c="{}" d={} e=["\u202e"] "f g"=1"#) == true)
    }

    @Test("leave out what matters less than their level", arguments: LogLevel.allCases)
    func filters(level: LogLevel) throws {
        let log = try self.makeLog(level)
        for other in LogLevel.allCases { log.emit(other, "x") }
        #expect(self.lines.count == LogLevel.allCases.count { $0 >= level })
    }

    @Test("append to a file, and name one that cannot be written")
    func files() throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("text-log-\(UUID())")
        defer { try? FileManager.default.removeItem(at: file) }
        for round in 1...2 { try TextLog(to: .file(file.path), clock: self.clock).emit(.info, "round \(round)") }
        let text = try String(contentsOf: file, encoding: .utf8)
        #expect(text.split(separator: "\n").map { $0.suffix(7) } == ["round 1", "round 2"])

        let error = #expect(throws: OmnibusError.self) { try TextLog(to: .file("/nonexistent/bus.log")) }
        #expect(error?.code == .invalidSettings)
        #expect(error?.message.contains("/nonexistent/bus.log") == true)
    }
}
