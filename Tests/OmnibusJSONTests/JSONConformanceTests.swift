// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusJSON
import Testing

@Suite("JSON test suite", .enabled(if: Conformance.has("json-test-suite"), "needs the folder json-test-suite"))
struct JSONConformanceTests {
    static let folder = "json-test-suite/test_parsing"
    static let files = Conformance.names(in: folder).filter { $0.hasSuffix(".json") }

    @Test("has rows of each kind", arguments: ["y_", "n_", "i_"])
    func hasRows(kind: String) {
        #expect(Self.files.contains { $0.hasPrefix(kind) })
    }

    @Test("accepts what must be accepted", arguments: files.filter { $0.hasPrefix("y_") })
    func accepts(file: String) throws {
        let bytes = try Conformance.bytes(of: "\(Self.folder)/\(file)")

        let value = try JSONValue(parsing: bytes, limits: JSONLimits(duplicateKeys: .keepLast))

        #expect(try JSONValue(parsing: value.bytes()) == value)
    }

    @Test("accepts it by default too, duplicate keys excepted", arguments: files.filter { $0.hasPrefix("y_") })
    func refusesOnlyDuplicates(file: String) throws {
        let bytes = try Conformance.bytes(of: "\(Self.folder)/\(file)")

        var code: JSONError.Code?
        do { _ = try JSONValue(parsing: bytes) } catch { code = error.code }

        #expect(code == (file.contains("duplicated_key") ? .duplicateKey : nil))
    }

    @Test("refuses what must be refused", arguments: files.filter { $0.hasPrefix("n_") })
    func refuses(file: String) throws {
        let bytes = try Conformance.bytes(of: "\(Self.folder)/\(file)")

        #expect(throws: JSONError.self) {
            try JSONValue(parsing: bytes, limits: JSONLimits(depth: .max, duplicateKeys: .keepLast))
        }
    }

    @Test("decides as documented where the standard leaves it open", arguments: files.filter { $0.hasPrefix("i_") })
    func decides(file: String) throws {
        let bytes = try Conformance.bytes(of: "\(Self.folder)/\(file)")
        // Doubles that become 0, and integers that become doubles; everything else in these files is refused.
        let isAccepted =
            file == "i_number_double_huge_neg_exp.json" || file == "i_number_real_underflow.json"
            || file.hasPrefix("i_number_too_big_") || file == "i_number_very_big_negative_int.json"
            || file == "i_structure_500_nested_arrays.json"

        #expect(((try? JSONValue(parsing: bytes)) != nil) == isAccepted)
    }
}
