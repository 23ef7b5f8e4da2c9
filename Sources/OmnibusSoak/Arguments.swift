// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// What the program is asked to do.
struct Arguments {
    /// How long the mixed load runs.
    var minutes = 1.0
    /// How many messages end the mixed load before its time; nil leaves it to the time.
    var messages: Int?

    static let usage = """
        usage: omnibus-soak [--minutes M] [--messages N]
          --minutes M    how long the mixed load runs; 1 unless said otherwise
          --messages N   ends the mixed load after so many messages
        It prints what it measures, and ends with status 1 where a limit was not kept.
        """

    /// Reads the arguments; nil where they make no sense.
    init?(_ words: [String]) {
        var words = words[...]
        while let word = words.popFirst() {
            switch word {
            case "--minutes":
                guard let minutes = words.popFirst().flatMap(Double.init), minutes > 0, minutes <= 100_000 else {
                    return nil
                }
                self.minutes = minutes
            case "--messages":
                guard let messages = words.popFirst().flatMap({ Int($0) }), messages > 0 else { return nil }
                self.messages = messages
            default:
                return nil
            }
        }
    }
}
