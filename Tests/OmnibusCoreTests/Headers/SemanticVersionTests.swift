// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusCore
import Testing

@Suite("Semantic versions")
struct SemanticVersionTests {
    @Test(
        "are read and written as they are",
        arguments: [
            "0.0.0", "1.2.3", "10.20.30", "1.1.2-prerelease+meta", "1.1.2+meta", "1.0.0-alpha.beta.1",
            "1.0.0-alpha-a.b-c-somethinglong+build.1-aef.1-its-okay", "1.0.0-0A.is.legal", "2.0.0+build.1848",
            "1.2.3----RC-SNAPSHOT.12.9.1--.12+788", "1.0.0+0.build.1-rc.10000aaa-kk-0.1",
            "1.0.0-99999999999999999999999.0", "9223372036854775807.0.0",
        ]
    )
    func areRead(text: String) throws {
        #expect(try SemanticVersion(validating: text).description == text)
    }

    @Test(
        "are refused, saying why, where they are not valid",
        arguments: [
            ("", "three numbers"), ("1", "three numbers"), ("1.2", "three numbers"), ("1.2.3.4", "three numbers"),
            ("v1.2.3", "major number is no number"), ("1..3", "minor number is no number"),
            ("01.2.3", "major number has leading zeros"), ("1.2.03", "patch number has leading zeros"),
            ("1.2.3-", "pre-release part has an empty identifier"), ("1.2.3-a..b", "pre-release part has an empty"),
            ("1.2.3-01", "leading zeros"), ("1.2.3+", "build part has an empty identifier"),
            ("1.2.3-a_b", "ASCII letters"), ("1.2.3+a+b", "ASCII letters"), ("1.2.3-é", "ASCII letters"),
            (" 1.2.3", "major number is no number"), ("-1.2.3", "three numbers"),
            ("1.2.٣", "patch number is no number"),
            ("9223372036854775808.0.0", "major number is too large"),
        ]
    )
    func areRefused(text: String, reason: String) throws {
        let error = try #require(throws: OmnibusError.self) { try SemanticVersion(validating: text) }

        #expect(error.code == .invalidHeader)
        #expect(error.message.contains(reason), "\(error.message)")
    }

    @Test("are ordered by precedence")
    func areOrdered() throws {
        let texts = [
            "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11",
            "1.0.0-beta.99999999999999999999999", "1.0.0-rc.1", "1.0.0", "1.0.1-0", "1.0.1", "1.2.0", "1.10.0", "2.0.0",
        ]
        let versions = try texts.map { try SemanticVersion(validating: $0) }

        #expect(versions.reversed().sorted() == versions)
        for (index, version) in versions.enumerated() {
            #expect(versions[..<index].allSatisfy { $0.precedes(version) && !version.precedes($0) }, "\(version)")
        }
    }

    @Test("that differ in their build part alone have one precedence, and an order all the same")
    func ignoreBuild() throws {
        let left = try SemanticVersion(validating: "1.0.0+a")
        let right = try SemanticVersion(validating: "1.0.0+b")

        #expect(!left.precedes(right) && !right.precedes(left))
        #expect(left != right && left < right && !(right < left))
    }
}
