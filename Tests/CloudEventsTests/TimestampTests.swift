// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import CloudEvents
import Testing

@Suite("Timestamp")
struct TimestampTests {
    @Test(
        "stay within their years whatever is added to them or taken away",
        arguments: [.seconds(Int64.max) * 4, .seconds(Int64.max), .seconds(700_000_000_000)] as [Duration]
    )
    func saturate(duration: Duration) {
        for timestamp in [.earliest, .epoch, .latest] as [Timestamp] {
            #expect(timestamp + duration == .latest)
            #expect(timestamp - (.zero - duration) == .latest)
            #expect(timestamp - duration == .earliest)
            #expect(timestamp + (.zero - duration) == .earliest)
        }
        #expect(Timestamp.earliest + Timestamp.latest.duration(since: .earliest) == .latest)
        #expect(Timestamp.latest - Timestamp.latest.duration(since: .earliest) == .earliest)
    }

    @Test(
        "reads RFC 3339 in any offset",
        arguments: [
            ("1970-01-01T00:00:00Z", 0, 0), ("1970-01-01t00:00:00z", 0, 0), ("1969-12-31T23:59:59.9Z", -1, 900_000_000),
            ("2000-02-29T12:00:00Z", 951_825_600, 0), ("2026-02-28T09:30:00.25+01:00", 1_772_267_400, 250_000_000),
            ("1990-12-31T15:59:59-08:00", 662_687_999, 0), ("1970-01-01T00:00:00-00:00", 0, 0),
            ("1970-01-01T23:59:00+23:59", 0, 0), ("2038-01-19T03:14:08Z", 2_147_483_648, 0),
            ("1970-01-01T00:00:00.1234567899999999999999Z", 0, 123_456_789),
            ("1970-01-01T00:00:00.000000000000Z", 0, 0), ("0000-01-01T00:00:00Z", -62_167_219_200, 0),
            ("9999-12-31T23:59:59.999999999Z", 253_402_300_799, 999_999_999),
            ("1900-03-01T00:00:00Z", -2_203_891_200, 0),
        ] as [(String, Int64, Int)]
    )
    func reads(text: String, seconds: Int64, nanoseconds: Int) throws {
        let timestamp = try Timestamp(parsing: text)

        #expect(timestamp.secondsSinceEpoch == seconds)
        #expect(timestamp.nanoseconds == nanoseconds)
    }

    @Test(
        "takes a leap second as the second after it",
        arguments: ["1990-12-31T23:59:60Z", "1990-12-31T15:59:60-08:00", "1991-01-01T00:59:60+01:00"]
    )
    func readsLeapSeconds(text: String) throws {
        #expect(try Timestamp(parsing: text).description == "1991-01-01T00:00:00Z")
    }

    @Test(
        "refuses what is not RFC 3339, and says where",
        arguments: [
            ("", 1), ("2026", 5), ("2026-1-01T00:00:00Z", 7), ("2026-13-01T00:00:00Z", 6), ("2026-00-01T00:00:00Z", 6),
            ("2026-02-29T00:00:00Z", 9), ("1900-02-29T00:00:00Z", 9), ("2026-04-31T00:00:00Z", 9),
            ("2026-01-00T00:00:00Z", 9), ("2026-01-01 00:00:00Z", 11), ("2026-01-01T24:00:00Z", 12),
            ("2026-01-01T00:60:00Z", 15), ("2026-01-01T00:00:61Z", 18), ("2026-01-01T00:00:60Z", 18),
            ("2026-01-30T23:59:60Z", 18), ("2026-01-31T23:58:60Z", 18), ("2026-01-01T00:00:00", 20),
            ("2026-01-01T00:00:00.Z", 21), ("2026-01-01T00:00:00,5Z", 20), ("2026-01-01T00:00:00+24:00", 21),
            ("2026-01-01T00:00:00+01:60", 24), ("2026-01-01T00:00:00+0100", 23), ("2026-01-01T00:00:00ZZ", 21),
            ("2026-01-01T00:00:00Z ", 21), (" 2026-01-01T00:00:00Z", 1), ("12026-01-01T00:00:00Z", 5),
            ("-026-01-01T00:00:00Z", 1), ("２026-01-01T00:00:00Z", 1), ("0000-01-01T00:00:00+00:01", 1),
            ("9999-12-31T23:59:59-00:01", 1), ("9999-12-31T23:59:60Z", 1), ("2026-01-01T00:00Z", 17),
        ]
    )
    func refuses(text: String, character: Int) {
        let error = #expect(throws: CloudEventError.self) { try Timestamp(parsing: text) }

        #expect(error?.code == .invalidTimestamp)
        #expect(error?.found.hasSuffix("(at character \(character))") == true)
        #expect(Timestamp(text) == nil)
    }

    @Test(
        "is written in UTC with the fraction digits that it needs",
        arguments: [
            (0, 0, "1970-01-01T00:00:00Z"), (0, 1, "1970-01-01T00:00:00.000000001Z"),
            (-1, 500_000_000, "1969-12-31T23:59:59.5Z"), (1_772_267_400, 120_000_000, "2026-02-28T08:30:00.12Z"),
            (-62_167_219_200, 0, "0000-01-01T00:00:00Z"), (951_782_400, 0, "2000-02-29T00:00:00Z"),
        ] as [(Int64, Int, String)]
    )
    func writes(seconds: Int64, nanoseconds: Int, text: String) {
        #expect(Timestamp(secondsSinceEpoch: seconds, nanoseconds: nanoseconds).description == text)
    }

    @Test("reads back every text that it writes, and sorts as its texts do")
    func roundTrips() throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededRandom(seed: seed)
        var previous = Timestamp.epoch
        for _ in 0..<10_000 {
            let seconds = Int64.random(in: -62_167_219_200...253_402_300_799, using: &random)
            // Whole seconds every other time: texts with and without a fraction do not sort against each other.
            let timestamp = Timestamp(secondsSinceEpoch: seconds)
            let precise = Timestamp(
                secondsSinceEpoch: seconds,
                nanoseconds: Int.random(in: 0..<1_000_000_000, using: &random)
            )
            let isSorted = (timestamp < previous) == (timestamp.description < previous.description)
            guard isSorted, try Timestamp(parsing: timestamp.description) == timestamp,
                try Timestamp(parsing: precise.description) == precise
            else {
                Issue.record("\(precise) reads back or sorts differently; seed \(seed)")
                return
            }
            previous = timestamp
        }
    }

    @Test("has leap days in every leap year of its range, and in no other")
    func hasLeapDays() throws {
        var seconds: Int64 = Timestamp.earliest.secondsSinceEpoch
        for year in 0...9_999 {
            let isLeap = (year.isMultiple(of: 4) && !year.isMultiple(of: 100)) || year.isMultiple(of: 400)
            let digits = String(year)
            let text = String(repeating: "0", count: 4 - digits.count) + digits + "-03-01T00:00:00Z"
            let march = try Timestamp(parsing: text)
            guard march.secondsSinceEpoch == seconds + (isLeap ? 60 : 59) * 86_400, march.description == text else {
                Issue.record("March \(year) is in the wrong place")
                return
            }
            seconds += (isLeap ? 366 : 365) * 86_400
        }
        #expect(seconds == Timestamp.latest.secondsSinceEpoch + 1)
    }

    @Test(
        "counts nanoseconds, the nearest that fit where they do not",
        arguments: [
            (0, 0, 0), (1, 5, 1_000_000_005), (-1, 999_999_999, -1), (-2, 1, -1_999_999_999),
            (9_223_372_036, 854_775_807, .max), (9_223_372_036, 854_775_808, .max), (9_223_372_037, 0, .max),
            (-9_223_372_037, 145_224_192, .min), (-9_223_372_037, 145_224_191, .min), (-62_167_219_200, 0, .min),
            (-9_223_372_037, 145_224_193, .min + 1),
        ] as [(Int64, Int, Int64)]
    )
    func countsNanoseconds(seconds: Int64, nanoseconds: Int, count: Int64) {
        #expect(Timestamp(secondsSinceEpoch: seconds, nanoseconds: nanoseconds).nanosecondsSinceEpoch == count)
    }

    @Test("comes back from its count of nanoseconds", arguments: [0, 1, -1, .max, .min, 1_772_267_400_123_456_789])
    func comesBack(count: Int64) {
        #expect(Timestamp(nanosecondsSinceEpoch: count).nanosecondsSinceEpoch == count)
    }

    @Test(
        "carries nanoseconds beyond a second, and stays within its years",
        arguments: [
            (0, 1_000_000_000, 1, 0), (0, -1, -1, 999_999_999), (5, -2_500_000_000, 2, 500_000_000),
            (.max, 0, 253_402_300_799, 999_999_999), (.max, .max, 253_402_300_799, 999_999_999),
            (.min, 0, -62_167_219_200, 0), (.min, .min, -62_167_219_200, 0),
        ] as [(Int64, Int, Int64, Int)]
    )
    func carries(seconds: Int64, nanoseconds: Int, expectedSeconds: Int64, expectedNanoseconds: Int) {
        let timestamp = Timestamp(secondsSinceEpoch: seconds, nanoseconds: nanoseconds)

        #expect(timestamp.secondsSinceEpoch == expectedSeconds)
        #expect(timestamp.nanoseconds == expectedNanoseconds)
    }

    @Test(
        "moves by durations and measures them",
        arguments: [
            .zero, .nanoseconds(1), .nanoseconds(-1), .seconds(3), .milliseconds(-1_500), .seconds(86_400 * 365),
        ] as [Duration]
    )
    func moves(duration: Duration) {
        let start = Timestamp(secondsSinceEpoch: 100, nanoseconds: 999_999_999)

        #expect((start + duration).duration(since: start) == duration)
        #expect(start.duration(to: start + duration) == duration)
        #expect((start + duration) - start == duration)
        #expect(start + duration - duration == start)
        #expect((start < start + duration) == (duration > .zero))
    }

    @Test("stops at its first and last point in time")
    func saturates() {
        #expect(Timestamp.epoch + .seconds(Int64.max) == .latest)
        #expect(Timestamp.epoch + .seconds(Int64.min) == .earliest)
        #expect(Timestamp.earliest - .nanoseconds(1) == .earliest)
        #expect(Timestamp.latest + .nanoseconds(1) == .latest)
        #expect(Timestamp.earliest.duration(to: .latest) == .nanoseconds(999_999_999) + .seconds(315_569_519_999))
    }
}
