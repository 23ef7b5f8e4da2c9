// Part of Omnibus, an event bus that a Swift program links and runs inside itself.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import OmnibusJSON
import Testing

@Suite("Third-party cases")
struct ConformanceTests {
    @Test("stand beside the package unless another folder is named")
    func findFolder() {
        #expect(Conformance.root(naming: nil) == Conformance.defaultRoot)
        #expect(Conformance.root(naming: "") == Conformance.defaultRoot)
        #expect(Conformance.root(naming: "/elsewhere").path == "/elsewhere")
    }

    @Test("with a field that is missing or of another type are issues, not skipped")
    func reportFields() {
        let row = Conformance.Row(name: "T1", file: "topics.json", fields: ["match": 1, "topic": true, "topics": [1]])

        withKnownIssue { #expect(row.flag("match") == nil) }
        withKnownIssue { #expect(row.text("topic") == nil) }
        withKnownIssue { #expect(row.texts("topics") == nil) }
        withKnownIssue { #expect(row.count("expected_count") == nil) }
    }
}
