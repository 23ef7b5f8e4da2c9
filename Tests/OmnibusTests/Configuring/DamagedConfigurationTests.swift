// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import Testing

/// One way to spoil one key of a sample.
struct Damage: Sendable, CustomTestStringConvertible {
    enum Kind: String, CaseIterable {
        case removed, null, wrongKind, outOfRange, unknownSibling
    }

    /// A step on the way to a value.
    enum Step: Sendable {
        case key(String)
        case index(Int)
    }

    var file: String
    var steps: [Step]
    var kind: Kind

    var path: String { Self.text(self.steps) }
    var testDescription: String { "\(self.file): \(self.path) \(self.kind.rawValue)" }

    static func text(_ steps: [Step]) -> String {
        steps.reduce("") { path, step in
            switch step {
            case .key(let key): path.isEmpty ? key : "\(path).\(key)"
            case .index(let index): "\(path)[\(index)]"
            }
        }
    }

    /// Every way to spoil every key of a sample.
    static func all(of file: String) -> [Damage] {
        guard let json = try? Fixture.json(file) else { return [] }
        return Self.steps(in: json).flatMap { steps in Kind.allCases.map { Damage(file: file, steps: steps, kind: $0) }
        }
    }

    private static func steps(in json: JSONValue, _ before: [Step] = []) -> [[Step]] {
        // What is in these is the user's own.
        if ["options", "schema", "extra"].contains(where: { Self.text(before).hasSuffix($0) }) { return [] }
        switch json {
        case .object(let object):
            return object.flatMap { member in
                [before + [.key(member.name)]] + Self.steps(in: member.value, before + [.key(member.name)])
            }
        case .array(let elements):
            return elements.enumerated().flatMap { index, element in
                [before + [.index(index)]] + Self.steps(in: element, before + [.index(index)])
            }
        default: return []
        }
    }

    /// The document with the damage done; nil where there is nothing like it to do.
    func apply(to json: JSONValue) -> JSONValue? {
        self.change(json, self.steps[...])
    }

    private func change(_ json: JSONValue, _ steps: ArraySlice<Step>) -> JSONValue? {
        var json = json
        guard let step = steps.first else { return self.damaged(json) }
        let isLast = steps.count == 1
        switch step {
        case .key(let key):
            if isLast, self.kind == .removed {
                json[key] = nil
                return json
            }
            if isLast, self.kind == .unknownSibling {
                json["\(key)_quux"] = 1
                return json
            }
            guard let child = json[key], let changed = self.change(child, steps.dropFirst()) else { return nil }
            json[key] = changed
        case .index(let index):
            if isLast, self.kind == .removed || self.kind == .unknownSibling { return nil }
            guard let child = json[index], let changed = self.change(child, steps.dropFirst()) else { return nil }
            json[index] = changed
        }
        return json
    }

    private func damaged(_ json: JSONValue) -> JSONValue? {
        switch (self.kind, json) {
        case (.null, _): .null
        case (.wrongKind, .bool): "yes"
        case (.wrongKind, .integer): [1]
        case (.wrongKind, .string): [[1]]
        case (.wrongKind, .array), (.wrongKind, .object): 7
        case (.outOfRange, .integer): -1
        case (.outOfRange, .string): ""
        case (.outOfRange, .bool): 1
        case (.outOfRange, .array): []
        default: nil
        }
    }
}

@Suite("A damaged configuration")
struct DamagedConfigurationTests {
    /// The keys without which a sample makes no sense; one of them may be told of by another's name.
    private static let required: Set<String> = [
        "kmb.broker.redis_url", "kmb.durability.enabled", "kmb.durability.backend", "kmb.durability.database_url",
        "kmb.security.tls.enabled", "kmb.security.tls.cert_file", "kmb.security.tls.key_file",
        "kmb.security.authentication.jwt.secret_key", "kmb.security.authentication.topic_acl.enabled",
        "kmb.security.authentication.topic_acl.rules_file", "kmb.monitoring.metrics.enabled",
        "bus.failure_policy.delays", "bus.failure_policy.schedule", "broker.kafka_servers",
        "broker.credentials.username", "broker.credentials.password", "broker.credentials.cert",
        "broker.credentials.key", "durability.enabled", "durability.backend", "durability.database_url",
        "durability.replication.enabled", "security.tls.enabled", "security.tls.cert_file", "security.tls.key_file",
        "security.authentication.jwt.secret_key", "security.authentication.topic_acl.enabled",
        "security.authentication.topic_acl.rules_file", "monitoring.metrics.enabled", "topics[0].name",
        "topics[1].name", "topics[0].accessControl.publishers", "topics[0].accessControl.subscribers",
    ]

    @Test("starts from samples that are whole", arguments: ["message-bus.json", "every-key.json"])
    func whole(file: String) throws {
        #expect(try Fixture.findings(in: Fixture.json(file)).isEmpty)
        #expect(Damage.all(of: file).count > 100)
    }

    @Test(
        "is refused with the path of the key",
        arguments: Damage.all(of: "message-bus.json") + Damage.all(of: "every-key.json")
    )
    func refused(damage: Damage) throws {
        guard let damaged = damage.apply(to: try Fixture.json(damage.file)) else { return }
        let findings = try Fixture.findings(in: damaged)
        let paths = findings.map(\.path)

        switch damage.kind {
        case .removed where damage.path == "bus.failure_policy.schedule":
            // Without it the schedule is exponential, which has no use for these.
            #expect(paths == ["bus.failure_policy.delays", "bus.failure_policy.then"])
        case .removed where Self.required.contains(damage.path):
            #expect(paths == [damage.path])
            #expect(findings.first?.found == "nothing")
        case .removed:
            #expect(paths.isEmpty)
        case .unknownSibling:
            #expect(paths == [damage.path + "_quux"])
            #expect(findings.first?.found == "an unknown key")
        case .outOfRange where damage.path == "topics":
            // To need no topic is fine.
            #expect(paths.isEmpty)
        case .null, .wrongKind, .outOfRange:
            #expect(paths.contains(damage.path), "\(findings)")
        }
        for finding in findings {
            #expect(!finding.description.contains(Fixture.secret))
            #expect(!finding.description.contains("pass@"))
            #expect(!finding.found.isEmpty && !finding.expected.isEmpty)
            #expect(finding.place?.hasPrefix("line 1, column ") ?? true)
        }
    }
}
