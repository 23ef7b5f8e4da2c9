// Part of Omnibus, an embeddable event bus for Swift.
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
        var reports: [String] = []
        var row = Conformance.Row(name: "T1", file: "topics.json", fields: ["match": 1, "topic": true, "topics": [1]])
        row.report = { reports.append($0) }

        #expect(row.flag("match") == nil)
        #expect(row.text("topic") == nil)
        #expect(row.texts("topics") == nil)
        #expect(row.count("expected_count") == nil)

        #expect(reports.count == 4)
        #expect(reports.first == "topics.json, T1: the field match is missing or not true or false")
    }
}
