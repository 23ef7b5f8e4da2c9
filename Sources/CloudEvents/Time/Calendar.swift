// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// The Gregorian calendar, extended to year 0: days since 1970-01-01 to dates and back.
///
/// Years are counted from March here, so that the leap day is a year's last day, and in eras of 400 years, which all
/// have the same number of days.
enum Calendar {
    struct Date {
        var year: Int
        var month: Int
        var day: Int
    }

    /// Days in 400 years.
    private static let era = 146_097
    /// Days from 0000-03-01 to 1970-01-01.
    private static let epoch = 719_468

    static func days(inMonth month: Int, of year: Int) -> Int {
        switch month {
        case 2: (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    static func days(toYear year: Int, month: Int, day: Int) -> Int {
        let year = month <= 2 ? year - 1 : year
        let era = (year >= 0 ? year : year - 399) / 400
        let yearOfEra = year - era * 400
        let monthFromMarch = (month + 9) % 12
        let dayOfYear = (153 * monthFromMarch + 2) / 5 + day - 1
        return era * Self.era + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - Self.epoch
    }

    static func date(ofDay day: Int) -> Date {
        let day = day + Self.epoch
        let era = (day >= 0 ? day : day - Self.era + 1) / Self.era
        let dayOfEra = day - era * Self.era
        // Leap days before that day, in 4, 100 and 400 years, taken off to count years of 365 days.
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return Date(
            year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
            month: month,
            day: dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        )
    }
}
