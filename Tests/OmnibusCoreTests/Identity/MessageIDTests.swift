// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import CloudEvents
import CloudEventsFoundation
import Foundation
import OmnibusCore
import Testing

@Suite("Message ids")
struct MessageIDTests {
    @Test(
        "keep any text as it is",
        arguments: [
            "evt-123", "req-abc123", "", "0190163d-8694-739b-aea5-966c26f8ad91", "0190163D-8694-739B-AEA5-966C26F8AD91",
            "{0190163d-8694-739b-aea5-966c26f8ad91}", "0190163d8694739baea5966c26f8ad91",
            "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff",
            "0190163d-8694-739b-aea5-966c26f8ad9g", "0190163d-8694-739b-aea5+966c26f8ad91", "é", "e\u{301}", "a\u{0}b",
        ]
    )
    func keepText(text: String) {
        #expect(Array(MessageID(text).description.utf8) == Array(text.utf8))
    }

    @Test("hold a canonical UUID as bits")
    func holdBits() {
        let id = MessageID("0190163d-8694-739b-aea5-966c26f8ad91")

        #expect(id == MessageID(high: 0x0190_163D_8694_739B, low: 0xAEA5_966C_26F8_AD91))
    }

    @Test("are equal exactly if their texts are, byte for byte")
    func areEqualAsTexts() {
        let texts = [
            "a", "A", "é", "e\u{301}", "", "0190163d-8694-739b-aea5-966c26f8ad91",
            "0190163D-8694-739B-AEA5-966C26F8AD91",
        ]

        for left in texts {
            for right in texts {
                #expect((MessageID(left) == MessageID(right)) == (Array(left.utf8) == Array(right.utf8)))
            }
        }
        #expect(Set(texts.map { MessageID($0) }).count == texts.count)
    }

    @Test("are ordered as their texts")
    func areOrdered() {
        let texts = ["", "0190163d-8694-739b-aea5-966c26f8ad91", "0190163d-8694-739b-aea5-966c26f8ad92", "1", "a", "é"]

        #expect(texts.reversed().map { MessageID($0) }.sorted().map(\.description) == texts)
    }

    @Test("are coded as text")
    func areCoded() throws {
        let ids: [MessageID] = ["evt-1", "0190163d-8694-739b-aea5-966c26f8ad91"]

        let json = try JSONEncoder().encode(ids)

        #expect(String(bytes: json, encoding: .utf8) == #"["evt-1","0190163d-8694-739b-aea5-966c26f8ad91"]"#)
        #expect(try JSONDecoder().decode([MessageID].self, from: json) == ids)
    }

    @Test("tell when they were made, if they are of version 7")
    func tellTime() {
        // The example of RFC 9562, appendix A.6.
        let id: MessageID = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"

        #expect(id.createdAt == Timestamp(nanosecondsSinceEpoch: 1_645_557_742_000_000_000))
        #expect(MessageID("017f22e2-79b0-4cc3-98c4-dc0c0c07398f").createdAt == nil)
        #expect(MessageID("evt-1").createdAt == nil)
    }

    @Test("derived from the same are the same")
    func deriveTheSame() {
        let cause: MessageID = "0190163d-8694-739b-aea5-966c26f8ad91"

        #expect(MessageID.derived(from: cause, "receipt") == .derived(from: cause, "receipt"))
        #expect(MessageID.derived(from: cause, "receipt").description == "0c59688e-67c6-8b69-9f97-4cb3e7773679")
    }

    @Test("derived from different ones are different, and of version 8")
    func deriveDifferent() {
        let causes: [MessageID] = ["", "a", "ab", "0190163d-8694-739b-aea5-966c26f8ad91", "\u{1}", "\u{2}"]
        let names = ["", "a", "b", "bc", "receipt", "receipts", "a much longer name than sixteen bytes"]

        var derived: Set<String> = []
        for cause in causes {
            for name in names { derived.insert(MessageID.derived(from: cause, name).description) }
        }

        #expect(derived.count == causes.count * names.count)
        for text in derived {
            let characters = Array(text)
            #expect(characters[14] == "8" && "89ab".contains(characters[19]), "\(text)")
        }
    }
}
