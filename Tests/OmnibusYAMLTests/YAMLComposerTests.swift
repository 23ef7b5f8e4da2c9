// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import Testing

@testable import OmnibusYAML

@Suite("YAML events")
struct YAMLComposerTests {
    private let place = ConfigurationNode.Place.position(line: 1, column: 1)

    private func compose(_ events: [YAMLEvent]) throws -> JSONValue {
        var composer = YAMLComposer()
        for event in events { try composer.take(event, at: self.place) }
        return try composer.finish().json
    }

    private func plain(_ text: String, anchor: String? = nil) -> YAMLEvent {
        .scalar(text, tag: nil, isPlain: true, anchor: anchor)
    }

    private func section(anchor: String? = nil) -> YAMLEvent { .sectionStart(tag: nil, anchor: anchor) }
    private func list(anchor: String? = nil) -> YAMLEvent { .listStart(tag: nil, anchor: anchor) }

    @Test("become a tree")
    func tree() throws {
        let json = try self.compose([
            .documentStart(version: nil), self.section(), self.plain("a"), self.plain("1"), self.plain("b"),
            self.list(),
            self.plain("x"), self.section(), .end, .end, .end, .documentEnd,
        ])

        #expect(json == ["a": 1, "b": ["x", [:]]])
    }

    @Test(
        "mean by the core schema of YAML 1.2 what they are written as",
        arguments: [
            ("yes", "yes"), ("no", "no"), ("NO", "NO"), ("on", "on"), ("off", "off"), ("y", "y"), ("true", true),
            ("True", true), ("FALSE", false), ("tRue", "tRue"), ("null", nil), ("~", nil), ("", nil), ("Null", nil),
            ("nULL", "nULL"), ("12", 12), ("+12", 12), ("-0", 0), ("012", 12), ("0o14", 12), ("0xC", 12),
            ("0xG", "0xG"),
            ("0o9", "0o9"), ("0x-1", "0x-1"), ("0o", "0o"), ("1_000", "1_000"), ("190:20:30", "190:20:30"),
            ("0b101", "0b101"), ("1.5", 1.5), ("1.", 1), (".5", 0.5), ("-.5e-1", -0.05), ("1e3", 1_000), ("1e", "1e"),
            (".", "."), ("+", "+"), ("-", "-"), ("1.5.2", "1.5.2"), ("2024-01-01", "2024-01-01"),
            ("9223372036854775808", 9_223_372_036_854_775_808.0), ("<<", "<<"), ("=", "="), (" 1", " 1"),
        ] as [(String, JSONValue)]
    )
    func scalars(text: String, value: JSONValue) throws {
        #expect(try self.compose([self.list(), self.plain(text), .end]) == [value])
        let quoted = YAMLEvent.scalar(text, tag: nil, isPlain: false, anchor: nil)
        #expect(try self.compose([quoted]) == .string(text))
    }

    @Test("are texts, numbers and so on where a tag of the core schema says so")
    func tags() throws {
        let prefix = "tag:yaml.org,2002:"
        func tagged(_ text: String, _ tag: String) throws -> JSONValue {
            try self.compose([.scalar(text, tag: tag, isPlain: true, anchor: nil)])
        }

        #expect(try tagged("12", prefix + "str") == "12")
        #expect(try tagged("12", "!") == "12")
        #expect(try tagged("12", prefix + "float") == 12)
        #expect(try tagged("true", prefix + "bool") == true)
        for (text, tag) in [("x", "int"), ("yes", "bool"), ("1", "null"), ("x", "float")] {
            #expect(throws: ConfigurationSyntaxError.self) { try tagged(text, prefix + tag) }
        }
        for tag in ["!mine", prefix + "binary", prefix + "timestamp", "tag:python.org,2002:object"] {
            #expect(throws: ConfigurationSyntaxError.self) { try tagged("x", tag) }
            #expect(throws: ConfigurationSyntaxError.self) {
                try self.compose([.listStart(tag: tag, anchor: nil), .end])
            }
        }
    }

    @Test("that repeat by an alias are filled in")
    func aliases() throws {
        let json = try self.compose([
            self.section(), self.plain("a"), self.section(anchor: "x"), self.plain("k"), self.plain("1"), .end,
            self.plain("b"), .alias("x"), self.plain("c"), self.plain("2", anchor: "x"), self.plain("d"), .alias("x"),
            .end,
        ])

        #expect(json == ["a": ["k": 1], "b": ["k": 1], "c": 2, "d": 2])
    }

    @Test("that have no one meaning are refused, with their path")
    func refused() {
        let cases: [([YAMLEvent], String, String)] = [
            ([self.section(), self.plain("a"), .alias("x")], "a", "an alias without an anchor"),
            (
                [self.section(), self.plain("a"), self.list(anchor: "x"), self.plain("1"), .alias("x")], "a[1]",
                "an alias for what it is in"
            ),
            ([self.section(), self.plain("a"), self.plain("1"), self.plain("a")], "a", "the same key again"),
            ([self.section(), self.plain("<<")], "", "a merge key"),
            ([self.section(), self.list()], "", "a key that is a list"),
            ([self.section(), self.section()], "", "a key that is a section"),
            (
                [self.section(), self.plain("a"), self.plain("1", anchor: "x"), .alias("x")], "",
                "an alias in the place of a key"
            ),
            ([.documentStart(version: "1.1")], "", "the directive '%YAML 1.1'"),
            (
                [.documentStart(version: nil), self.list(), .end, .documentEnd, .documentStart(version: nil)], "",
                "a second"
            ),
            ([self.section(), self.plain("a"), self.plain(".inf")], "a", "a number that is not finite"),
        ]
        for (events, path, found) in cases {
            let error = #expect(throws: ConfigurationSyntaxError.self) { try self.compose(events) }
            #expect(error?.path == path)
            #expect(error?.found.hasPrefix(found) == true, "\(String(describing: error))")
        }
        #expect(throws: ConfigurationSyntaxError.self) { try self.compose([]) }
    }

    @Test("that aliases multiply without an end are refused before they take room")
    func bomb() {
        var events: [YAMLEvent] = [self.list(), self.list(anchor: "0"), self.plain("x"), .end]
        for level in 1..<20 {
            events.append(self.list(anchor: "\(level)"))
            for _ in 0..<10 { events.append(.alias("\(level - 1)")) }
            events.append(.end)
        }
        let error = #expect(throws: ConfigurationSyntaxError.self) { try self.compose(events + [.end]) }
        #expect(error?.found.contains("counting what aliases repeat") == true)

        let long = self.plain(String(repeating: "x", count: 500_000), anchor: "long")
        let texts = [self.list(), long] + Array(repeating: YAMLEvent.alias("long"), count: 100)
        #expect(throws: ConfigurationSyntaxError.self) { try self.compose(texts + [.end]) }
    }

    @Test("that nest too deep are refused, aliases included")
    func depth() throws {
        let deep = Array(repeating: self.list(), count: 32)
        _ = try self.compose(deep + Array(repeating: .end, count: 32))
        #expect(throws: ConfigurationSyntaxError.self) { try self.compose(deep + [self.list()]) }

        let anchored = [self.list(), self.list(anchor: "x")] + Array(repeating: self.list(), count: 19)
        let closed = anchored + Array(repeating: YAMLEvent.end, count: 20)
        #expect(throws: ConfigurationSyntaxError.self) {
            try self.compose(closed + Array(repeating: self.list(), count: 12) + [.alias("x")])
        }
    }
}
