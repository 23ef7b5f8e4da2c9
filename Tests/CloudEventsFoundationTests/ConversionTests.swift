// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import CloudEvents
import CloudEventsFoundation
import Foundation
import Testing

@Suite("Conversions of Foundation's types")
struct ConversionTests {
    @Test(
        "turn a date into the timestamp nearest to it",
        arguments: [
            (0.0, "1970-01-01T00:00:00Z"), (-0.5, "1969-12-31T23:59:59.5Z"),
            (1_772_267_400.25, "2026-02-28T08:30:00.25Z"),
            (-1e300, "0000-01-01T00:00:00Z"), (1e300, "9999-12-31T23:59:59.999999999Z"),
            (.infinity, "9999-12-31T23:59:59.999999999Z"), (-.infinity, "0000-01-01T00:00:00Z"),
            (.nan, "1970-01-01T00:00:00Z"), (1e14, "9999-12-31T23:59:59.999999999Z"),
        ]
    )
    func convertDates(seconds: Double, text: String) {
        #expect(Timestamp(Date(timeIntervalSince1970: seconds)).description == text)
    }

    @Test("give the same date back, to the last bit")
    func roundTripDates() {
        let seed = UInt64.random(in: .min ... .max)
        var random = Xorshift(state: seed | 1)
        for _ in 0..<10_000 {
            let date = Date(timeIntervalSinceReferenceDate: .random(in: 1e7...3e9, using: &random))
            guard Timestamp(date).date == date else {
                Issue.record("\(date.timeIntervalSinceReferenceDate) comes back differently; seed \(seed)")
                return
            }
        }
    }

    @Test("make an event of a URL and a UUID")
    func convertAttributes() throws {
        let url = try #require(URL(string: "https://example.com/sensors/7?x=1"))
        let id = try #require(UUID(uuidString: "0197A1B2-0000-7000-8000-00000000ABCD"))

        let event = try CloudEvent(id: id, source: url, type: "t", dataSchema: url)

        #expect(event.id == "0197a1b2-0000-7000-8000-00000000abcd")
        #expect(event.source == "https://example.com/sensors/7?x=1")
        #expect(event.uuid == id)
        #expect(event.sourceURL == url)
        #expect(event.dataSchemaURL == url)
    }

    @Test("make attribute values of URLs and dates")
    func convertValues() throws {
        let absolute = try #require(URL(string: "https://example.com/a"))
        let relative = try #require(URL(string: "a/b"))

        #expect(CloudEventAttributeValue(absolute) == .uri("https://example.com/a"))
        #expect(CloudEventAttributeValue(relative) == .uriReference("a/b"))
        #expect(CloudEventAttributeValue(absolute).urlValue == absolute)
        #expect(CloudEventAttributeValue(Date(timeIntervalSince1970: 0)) == .timestamp(.epoch))
    }

    /// Random numbers that a seed repeats.
    struct Xorshift: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            self.state ^= self.state << 13
            self.state ^= self.state >> 7
            self.state ^= self.state << 17
            return self.state
        }
    }
}
