// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import CloudEvents
import Testing

@Suite("Base64")
struct Base64Tests {
    @Test(
        "writes and reads what RFC 4648 says",
        arguments: [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ]
    )
    func followsStandard(plain: String, encoded: String) {
        #expect(Base64.encode(Array(plain.utf8)) == encoded)
        #expect(Base64.decode(encoded) == Array(plain.utf8))
    }

    @Test("refuses anything else", arguments: ["Z", "Zg", "Zg=", "Zh==", "Zg==Zg==", "Z===", "====", "Zm9-", "Zm 9v"])
    func refusesOthers(text: String) {
        #expect(Base64.decode(text) == nil)
    }

    @Test("keeps every byte")
    func keepsBytes() {
        let bytes = (0...255).map { UInt8($0) }

        #expect(Base64.decode(Base64.encode(bytes)) == bytes)
    }
}
