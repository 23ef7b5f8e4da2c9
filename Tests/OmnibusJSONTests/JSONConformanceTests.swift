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

    @Test("decides for itself where the standard leaves it open", arguments: files.filter { $0.hasPrefix("i_") })
    func decides(file: String) throws {
        let bytes = try Conformance.bytes(of: "\(Self.folder)/\(file)")

        let value = try? JSONValue(parsing: bytes)

        // Numbers of any size are kept as written. Other files than these are only run.
        if file.hasPrefix("i_number_") { #expect(try JSONValue(parsing: #require(value).bytes()) == value) }
        if file.hasPrefix("i_string_") || file.hasPrefix("i_structure_") { #expect(value == nil) }
    }

    @Test("reads as deep as it is told to")
    func readsNested() throws {
        let file = "\(Self.folder)/i_structure_500_nested_arrays.json"
        guard Conformance.has(file) else { return }

        let value = try JSONValue(parsing: Conformance.bytes(of: file), limits: JSONLimits(depth: 500))

        #expect(try value.bytes() == Array(repeating: 0x5B, count: 500) + Array(repeating: 0x5D, count: 500))
    }

    @Test(
        "never crashes on what is only informational",
        arguments: Conformance.names(in: "json-test-suite/test_transform")
    )
    func survivesTransforms(file: String) throws {
        let bytes = try Conformance.bytes(of: "json-test-suite/test_transform/\(file)")

        for duplicateKeys in [JSONLimits.DuplicateKeys.refused, .keepLast] {
            guard let value = try? JSONValue(parsing: bytes, limits: JSONLimits(duplicateKeys: duplicateKeys)) else {
                continue
            }
            #expect(try JSONValue(parsing: value.bytes()) == value)
        }
    }
}
