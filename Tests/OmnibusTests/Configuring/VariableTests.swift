// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import Testing

@Suite("Variables in a configuration")
struct VariableTests {
    private func source(_ text: String, _ environment: [String: String] = [:]) throws -> String? {
        try Configuration(text: #"{"bus": {"source": "\#(text)"}}"#, environment: environment).bus.source
    }

    @Test(
        "are filled in",
        arguments: [
            ("${A}", "1"), ("x${A}y${B}", "x1y2"), ("${C:-three}", "three"), ("${A:-three}", "1"),
            ("${E:-four}", "four"),
            ("${C:-}x", "x"), ("$A", "$A"), ("$$", "$$"), ("a$", "a$"), ("$${A}", "${A}"), ("$$${A}", "$${A}"),
            ("${C:-a:-b}", "a:-b"), ("${D}", "${A}"), ("${_}", "under"),
        ]
    )
    func filled(text: String, expected: String) throws {
        #expect(try self.source(text, ["A": "1", "B": "2", "D": "${A}", "E": "", "_": "under"]) == expected)
    }

    @Test(
        "that are malformed or unset are refused, with the key's path",
        arguments: [
            ("${A}", "the variable 'A', which is not set"), ("${A", "a '${' without a '}'"),
            ("${}", "without a variable's name"), ("${1}", "without a variable's name"),
            ("${A-x}", "followed by something else"), ("${A:x}", "followed by something else"),
            ("${A B}", "followed by something else"), ("${ A}", "without a variable's name"),
            ("${A:-${B}}", "within the default of the variable 'A'"), ("${É}", "without a variable's name"),
        ]
    )
    func refused(text: String, found: String) throws {
        let error = #expect(throws: OmnibusError.self) { try self.source(text) }
        let findings = try #require(error?.details as? [ConfigurationFinding])

        #expect(findings.count == 1)
        #expect(findings.first?.path == "bus.source")
        #expect(findings.first?.place == "line 1, column 20")
        #expect(findings.first?.found.contains(found) == true, "\(findings)")
    }

    @Test("stand for numbers and booleans too, where a text of the file does not")
    func kinds() throws {
        let text = #"{"monitoring": {"metrics": {"enabled": "${ON}", "prometheus_port": "${PORT:-9090}"}}}"#
        let configuration = try Configuration(text: text, environment: ["ON": "true"])

        #expect(configuration.monitoring?.metrics == .init(isEnabled: true, prometheusPort: 9_090))
        for environment in [["ON": "yes"], ["ON": "true", "PORT": "70000"], ["ON": "true", "PORT": "x"]] {
            #expect(throws: OmnibusError.self) { try Configuration(text: text, environment: environment) }
        }
        #expect(throws: OmnibusError.self) {
            try Configuration(text: #"{"monitoring": {"metrics": {"enabled": "true", "prometheus_port": "9090"}}}"#)
        }
    }

    @Test("are never quoted when what they hold is wrong")
    func secrecy() throws {
        let text = #"""
            {"bus": {"source": "${S}", "handler_timeout": "${S}", "failure_policy": {"attempts": "${N}"}},
             "broker": {"backend": "${S}", "redis_url": "${S}", "kafka_servers": "${S}", "nats_url": ["${S}"],
              "credentials": {"username": "u"}},
             "durability": {"enabled": "${S}", "compression": "${S}"}, "topics": [{"name": "${S}"}]}
            """#
        let error = #expect(throws: OmnibusError.self) {
            try Configuration(text: text, environment: ["S": "very secret!\n", "N": "98765432101"])
        }
        let findings = try #require(error?.details as? [ConfigurationFinding])

        #expect(findings.count >= 9)
        #expect(error?.description.contains("very secret") == false)
        #expect(error?.description.contains("98765432101") == false)
    }

    @Test("cannot make a text without an end")
    func growth() {
        let many = String(repeating: "${A}", count: 100)
        #expect(throws: OmnibusError.self) {
            try self.source(many, ["A": String(repeating: "x", count: 100_000)])
        }
    }
}
