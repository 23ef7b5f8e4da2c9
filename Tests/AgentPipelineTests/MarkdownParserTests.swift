// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import agent_pipeline

@Suite("Markdown")
struct MarkdownParserTests {
    @Test(
        "has a link where a reader can follow one",
        arguments: [
            ("[a](b.md)", ["b.md"]),
            ("![a](b.png)", ["b.png"]),
            ("[![a](b.png)](c.md)", ["b.png", "c.md"]),
            ("[a](b.md \"title\") [c](d.md 'title') [e](f.md (title))", ["b.md", "d.md", "f.md"]),
            ("[a](<b c.md>) [a](<b.md> \"title (one)\")", ["b c.md", "b.md"]),
            ("[a](b_(c).md)", ["b_(c).md"]),
            ("[a](b\\(c.md) [a](b\\_c.md)", ["b(c.md", "b_c.md"]),
            ("[a](b.md?x=1&amp;y=2)", ["b.md?x=1&y=2"]),
            ("[a [nested] text](b.md)", ["b.md"]),
            ("[with `code]` inside](b.md)", ["b.md"]),
            ("[with **strong**\nand a line end](b.md)", ["b.md"]),
            ("[a]()", [""]),
            ("[a](#b)", ["#b"]),
            ("text ([a](b.md)) text", ["b.md"]),
            ("[x] [a](b.md)", ["b.md"]),
            ("- [ ] [a](b.md)", ["b.md"]),
            ("> quoted [a](b.md)", ["b.md"]),
            ("# Heading with [a](b.md)", ["b.md"]),
            ("| [a](b.md) | [c](d.md) |\n|---|---|\n| ` | [e](f.md) |\n| ` | g |", ["b.md", "d.md", "f.md"]),
            ("- item\n\n    [a](b.md)", ["b.md"]),
            ("text\n    [a](b.md)", ["b.md"]),
            ("<a href=\"b.md\">a</a> <img alt='x' src='c.png'/> <A HREF=d.md>", ["b.md", "c.png", "d.md"]),
            ("<div>\n\n[a](b.md)\n\n</div>", ["b.md"]),
            ("\u{FEFF}[a](b.md)\r\n\r\n[c](d.md)\r\n", ["b.md", "d.md"]),
        ]
    )
    func findsLinks(text: String, targets: [String]) async {
        #expect(await MarkdownParser().parse(text).links.map(\.text).sorted() == targets.sorted())
    }

    @Test(
        "has no link where a reader sees none",
        arguments: [
            "`[a](b.md)`", "`` ` [a](b.md) ``", "`code\n[a](b.md)`",
            "```\n[a](b.md)\n```", "~~~~ text\n[a](b.md)\n~~~\n[c](d.md)\n~~~~", "```\n[a](b.md)",
            "- item\n  ```\n  [a](b.md)\n  ```", "> ```\n> [a](b.md)\n> ```",
            "1. a\n   - b\n\n     ```\n     [a](b.md)\n     ```",
            "    [a](b.md)", "text\n\n\t[a](b.md)", "- item\n\n      [a](b.md)",
            "<!-- [a](b.md) -->", "<!--\n\n[a](b.md)\n\n-->", "text <!-- [a](b.md)\n[c](d.md) --> text",
            "<pre>\n[a](b.md)\n\n[c](d.md)\n</pre>", "---\nlink: [a](b.md)\n---\n",
            "\\[a](b.md)", "[a\\](b.md)", "[a] (b.md)", "[a](b c.md)", "[ ] task", "<https://a.b/c>", "a[i][j]",
            "[^1] and [a][^1]",
        ]
    )
    func hidesLinks(text: String) async {
        #expect(await MarkdownParser().parse(text).links.isEmpty)
    }

    @Test(
        "has the links of its references where they are defined",
        arguments: [
            ("[a][b]\n\n[b]: c.md", [Link(text: "c.md", line: 3)]),
            ("[B][] and [b]\n\n[b]: <c d.md> \"title\"", [Link(text: "c d.md", line: 3)]),
            (
                "[b]: c.md\n[d]: e.md 'title'\n[f]:\n  g.md",
                [
                    Link(text: "c.md", line: 1), Link(text: "e.md", line: 2), Link(text: "g.md", line: 3),
                ]
            ),
            ("> [b]: c.md", [Link(text: "c.md", line: 1)]),
            ("![a][two\nwords]\n\n[Two  Words]: c.png", [Link(text: "c.png", line: 4)]),
            (
                "x\n[a][b] [c][] [d]",
                [
                    Link(text: "b", line: 2, isDefined: false), Link(text: "c", line: 2, isDefined: false),
                ]
            ),
            ("[^1]: a note", []),
        ]
    )
    func followsReferences(text: String, links: [Link]) async {
        #expect(await MarkdownParser().parse(text).links == links)
    }

    @Test("says in which line a link starts")
    func countsLines() async {
        let text =
            "# One\n\ntwo `a\nb` [c](4)\nfour [five\nsix](5) <!--\n--> [e](7)\n\n- x\n- y [f](10) <b\nid='z'> [g](11)"

        let links = await MarkdownParser().parse(text).links

        #expect(links.map { "\($0.line)" } == links.map(\.text))
        #expect(links.count == 5)
    }

    @Test(
        "has headings of both kinds, without markup",
        arguments: [
            ("# One\n## Two ##\n###### Six\n####### Seven\n#Not", ["One", "Two", "Six"]),
            ("One\n===\n\nTwo\nlines\n---\n\n---\n\n- item\n---", ["One", "lines"]),
            ("# *One* **two** _three_ snake_case `a_b*` \\_x\\_", ["One two three snake_case a_b* _x_"]),
            ("# [Link `code`](x.md) ![image](y.png)<a name=\"z\"></a>", ["Link code "]),
            ("# Array`<Int>` &amp; more", ["Array<Int> & more"]),
            ("```\n# Not\n```\n    # Not\n\n    # Not\n<!-- \n# Not\n-->\n# Yes", ["Yes"]),
            ("> # Quoted\n\n- # Listed\n\n1. One\n   # Inside", ["Quoted", "Listed", "Inside"]),
            ("---\ntitle: x\n---\n# One", ["One"]),
            ("# C# #", ["C#"]),
        ]
    )
    func findsHeadings(text: String, headings: [String]) async {
        #expect(await MarkdownParser().parse(text).headings.map(\.text) == headings)
    }

    @Test("has an anchor for each heading, name and id")
    func findsAnchors() async {
        let text =
            "# One\n# One\n<a name=\"two\"></a>\n<div id='three'>\n<a id=four>\n\n`<a id=\"five\">`\n\n## [Six](x.md)"

        #expect(await MarkdownParser().parse(text).anchors == ["one", "one-1", "two", "three", "four", "six"])
    }

    @Test(
        "has code blocks with their language, text and line",
        arguments: [
            ("```json\n{}\n```", [CodeBlock(language: "json", text: "{}\n", line: 1)]),
            ("x\n~~~ JSON title=\"x\"\n[\n  1\n]\n~~~", [CodeBlock(language: "json", text: "[\n  1\n]\n", line: 2)]),
            (
                "- a\n  ```json\n  {\n    \"a\": 1\n  }\n  ```",
                [
                    CodeBlock(language: "json", text: "  {\n    \"a\": 1\n  }\n", line: 2)
                ]
            ),
            ("> ```swift\n> a\n> > b\n> ```", [CodeBlock(language: "swift", text: "a\nb\n", line: 1)]),
            ("````\n```json\n```\n````", [CodeBlock(language: "", text: "```json\n```\n", line: 1)]),
            ("```json", [CodeBlock(language: "json", text: "", line: 1)]),
            ("``` not`a fence", []),
        ]
    )
    func findsCodeBlocks(text: String, blocks: [CodeBlock]) async {
        #expect(await MarkdownParser().parse(text).codeBlocks == blocks)
    }
}
