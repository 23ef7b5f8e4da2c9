// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

#if YAML
    import Foundation
    import Omnibus
    import OmnibusYAML
    import Testing

    @Suite("A configuration in YAML")
    struct YAMLConfigurationTests {
        private static let environment = ["KMB_JWT_SECRET": "a-secret-that-nobody-may-see"]

        private static func path(_ name: String) -> String {
            URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .appending(path: "Fixtures/\(name)").path
        }

        private func read(_ text: String) throws -> Configuration {
            try Configuration(text: text, format: .yaml, environment: Self.environment)
        }

        private func findings(_ text: String) -> [ConfigurationFinding] {
            do throws(OmnibusError) {
                _ = try Configuration(text: text, format: .yaml, environment: Self.environment)
                return []
            } catch {
                return error.details as? [ConfigurationFinding] ?? []
            }
        }

        @Test("says the same as the sample in JSON")
        func sample() throws {
            let yaml = try Configuration(
                file: Self.path("message-bus.yaml"),
                format: .yaml,
                environment: Self.environment
            )
            let json = try Configuration(file: Self.path("message-bus.json"), environment: Self.environment)

            #expect(yaml == json)
            #expect(yaml.security?.authentication?.jwt?.secretKey.reveal() == "a-secret-that-nobody-may-see")
        }

        @Test("reads whatever JSON says, which is YAML too")
        func superset() throws {
            let text = try String(contentsOf: URL(filePath: Self.path("every-key.json")), encoding: .utf8)
            let environment = ["BILLING_TOKEN_KEY": "k"]

            #expect(
                try Configuration(text: text, format: .yaml, environment: environment)
                    == Configuration(text: text, environment: environment)
            )
        }

        @Test("names a key's path and its line")
        func places() {
            let findings = self.findings(
                """
                topics:
                  - name: a
                  - name: b
                    retention: { maxAge: [] }
                bus:
                  sorce: here
                """
            )

            #expect(findings.map(\.path) == ["bus.sorce", "topics[1].retention.maxAge"])
            #expect(findings.map(\.place) == ["line 6, column 10", "line 4, column 26"])
        }

        @Test("takes 'no' as a text where a text is wanted, and refuses it where a boolean is")
        func norway() throws {
            #expect(try self.read("bus: {source: no}").bus.source == "no")
            for text in ["yes", "no", "on", "off", "y", "1", "'true'"] {
                let findings = self.findings("monitoring: {metrics: {enabled: \(text)}}")
                #expect(findings.map(\.path) == ["monitoring.metrics.enabled"])
                #expect(findings.first?.expected.hasPrefix("true or false") == true)
            }
            #expect(try self.read("monitoring: {metrics: {enabled: True}}").monitoring?.metrics?.isEnabled == true)
            // A number is no text, unless it is quoted.
            #expect(self.findings("bus: {source: 123}").map(\.path) == ["bus.source"])
            #expect(try self.read("bus: {source: '123'}").bus.source == "123")
        }

        @Test("fills in anchors and aliases")
        func aliases() throws {
            let configuration = try self.read(
                """
                topics:
                  - &first { name: a, retention: &kept { maxAge: 5 } }
                  - { name: b, retention: *kept }
                """
            )

            #expect(configuration.topics.map(\.retention?.maximumAge) == [.seconds(5), .seconds(5)])
        }

        @Test(
            "refuses what is no YAML, or YAML of no one meaning, and says where",
            arguments: [
                ("bus:\n\tsource: a", "line 2, column 1"), ("bus: {source: a", "line 2, column 1"),
                ("bus: 'a", "line 1"),
                ("bus: {}\nbus: {}", "line 2, column 1"), ("bus: {<<: {source: a}}", "line 1, column 7"),
                ("--- {}\n--- {}", "line 2, column 1"), ("%YAML 1.1\n--- {}", "line 1, column 1"),
                ("a: *b", "line 1, column 4"),
                ("a: &b [*b]", "line 1, column 8"), ("bus: !!binary aGk=", "line 1, column 6"),
                ("? [a]\n: b", "line 1, column 3"),
                ("bus: @", "line 1, column 6"), ("%YAML 2.0\n--- {}", "line 1"),
            ]
        )
        func refused(text: String, place: String) {
            let findings = self.findings(text)
            #expect(findings.count == 1, "\(findings)")
            #expect(findings.first?.place?.hasPrefix(place) == true, "\(findings)")
        }

        @Test("refuses an empty document, bytes that are not UTF-8, and nothing where something is wanted")
        func empty() {
            #expect(self.findings("").first?.found == "nothing")
            #expect(self.findings("# nothing\n").first?.found == "nothing")
            #expect(self.findings("---\n").first?.found == "nothing (null)")
            #expect(self.findings("bus:\n").map(\.path) == ["bus"])
            #expect(self.findings("bus: {source: }").map(\.path) == ["bus.source"])
            for bytes: [UInt8] in [
                [0x61, 0x3A, 0x20, 0xFF], [0x61, 0x3A, 0x20, 0xC0, 0x80], [0xFE, 0xFF, 0, 0x61], [0],
            ] {
                let error = #expect(throws: OmnibusError.self) { try Configuration(bytes: bytes, format: .yaml) }
                #expect(error?.code == .invalidConfiguration)
            }
        }

        @Test("refuses a bomb of aliases, depth without an end and too many values, quickly")
        func bombs() {
            var bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
            for level in 1..<12 {
                let aliases = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
                bomb += "a\(level): &a\(level) [\(aliases)]\n"
            }
            #expect(self.findings(bomb).first?.found.contains("aliases") == true)
            #expect(self.findings(String(repeating: "[", count: 500_000)).count == 1)
            #expect(self.findings(String(repeating: "- ", count: 500_000)).count == 1)
            #expect(self.findings("[" + String(repeating: "1,", count: 30_000) + "]").count == 1)
            #expect(self.findings(String(repeating: " ", count: 2_000_000)).first?.found == "2000000 bytes")
        }

        @Test("survives every damage to its text: it is read, or refused with a finding")
        func damage() throws {
            let text = Array(try String(contentsOf: URL(filePath: Self.path("message-bus.yaml")), encoding: .utf8).utf8)
            for place in text.indices {
                for change: UInt8? in [nil, 0x09, 0x22, 0x2A, 0x7B, 0xFF] {
                    var damaged = text
                    if let change { damaged[place] = change } else { damaged.remove(at: place) }
                    do throws(OmnibusError) {
                        _ = try Configuration(bytes: damaged, format: .yaml, environment: Self.environment)
                    } catch {
                        #expect(error.code == .invalidConfiguration)
                        #expect((error.details as? [ConfigurationFinding])?.isEmpty == false)
                        #expect(!error.description.contains("nobody-may-see"))
                    }
                }
            }
        }
    }
#endif
