// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Testing

@Suite("Architecture")
struct ArchitectureTests {
    private static let page = "Docs/Architecture.md"

    @Test("names only what is in the sources")
    func namesExist() throws {
        var known: Set<Substring> = []
        for file in try Repository.files(in: "Sources", suffix: ".swift") {
            known.formUnion(file.split(whereSeparator: { "/.+".contains($0) }))
            for line in try Repository.lines(file) where !line.hasPrefix("//") {
                known.formUnion(line.matches(of: /[A-Za-z_][A-Za-z0-9_]*/).map(\.output))
            }
        }

        let text = try Repository.lines(Self.page).joined(separator: "\n")
        // A name, with members after dots, and perhaps the labels of a call.
        let names = text.matches(of: /`([A-Za-z_][A-Za-z0-9_.]*)(\([A-Za-z_:]*\))?`/).map(\.output.1)
        // In the drawings, members of types.
        let drawn = text.matches(of: /\b[A-Z][A-Za-z]+\.[a-z][A-Za-z]+/).map(\.output)
            .filter { !$0.hasSuffix(".md") && !$0.hasSuffix(".swift") }
        for name in names + drawn {
            for word in name.split(separator: ".") {
                let isKnown = known.contains(word)
                #expect(isKnown, "\(word), of \(name), is in no file of Sources")
            }
        }

        #expect(names.count > 100)
        #expect(drawn.count > 10)
    }

    @Test("names only files and folders that there are")
    func filesExist() throws {
        let text = try Repository.lines(Self.page).joined(separator: "\n")
        let paths = text.matches(of: /`([A-Za-z0-9_.+-]+(\/[A-Za-z0-9_.+-]*)+)`/).map(\.output.1)

        for path in paths {
            #expect(Repository.hasFile(String(path)) || Repository.hasFile("Sources/\(path)"), "there is no \(path)")
        }
        #expect(paths.count > 15)
    }
}
