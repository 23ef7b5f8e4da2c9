// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import agent_pipeline

@Suite("Slugs")
struct SlugCounterTests {
    @Test(
        "are made of a heading as GitHub makes them",
        arguments: [
            ("Getting started", "getting-started"),
            ("What's new in 1.2.3?", "whats-new-in-123"),
            ("snake_case & kebab-case", "snake_case--kebab-case"),
            ("Two  spaces", "two--spaces"),
            ("C++", "c"),
            ("Déjà vu", "déjà-vu"),
            ("Привет, мир", "привет-мир"),
            ("你好 world", "你好-world"),
            ("हिन्दी", "हिन्दी"),
            ("😄 emoji", "-emoji"),
            ("⚙️ Settings", "\u{FE0F}-settings"),
            ("A — dash", "a--dash"),
            ("Straße ÄÖÜ", "straße-äöü"),
            ("`let x = 1`", "let-x--1"),
            ("x² and ½", "x-and-"),
            ("???", ""),
        ]
    )
    func followTheRule(heading: String, slug: String) {
        var slugs = SlugCounter()

        #expect(slugs.slug(of: heading) == slug)
    }

    @Test("are told apart by a number that is not taken")
    func countDuplicates() {
        var slugs = SlugCounter()

        let found = ["Foo", "foo", "Foo!", "foo-1", "Foo 1", "bar", "foo"].map { slugs.slug(of: $0) }

        #expect(found == ["foo", "foo-1", "foo-2", "foo-1-1", "foo-1-2", "bar", "foo-3"])
    }
}
