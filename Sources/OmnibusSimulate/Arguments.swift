// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// What the command was asked to do.
struct Arguments {
    var seeds = 1_000
    var first: UInt64 = 1
    /// One seed alone, to be looked at.
    var seed: UInt64?
    var trace = false
    var workers = 2
    var failures = 1
    var mutation: String?
    var wantsHelp = false

    static let usage = """
        usage: omnibus-simulate [--seeds N] [--first S] [--seed S] [--trace] [--workers N]
                                [--failures N] [--mutation NAME]
          --seeds N        how many seeds to run (1000)
          --first S        the first one (1)
          --seed S         run this seed alone, twice, and print what was found
          --trace          print the whole history of each failing seed, and of --seed
          --workers N      how many run at the same time (2)
          --failures N     end after so many failing seeds (1)
          --mutation NAME  with a fault put into the logic of queues, which has to be found; 'list' names them,
                           'pinned' looks for each of them under the one seed that is known to show it
        """

    init(_ arguments: some Sequence<String>) throws(ArgumentError) {
        var iterator = arguments.makeIterator()
        while let argument = iterator.next() {
            switch argument {
            case "--seeds": self.seeds = try Self.number(iterator.next(), argument)
            case "--first": self.first = try Self.number(iterator.next(), argument)
            case "--seed": self.seed = try Self.number(iterator.next(), argument)
            case "--workers": self.workers = max(1, try Self.number(iterator.next(), argument))
            case "--failures": self.failures = max(1, try Self.number(iterator.next(), argument))
            case "--trace": self.trace = true
            case "--mutation":
                guard let name = iterator.next() else { throw ArgumentError(text: "--mutation wants a name") }
                self.mutation = name
            case "--help", "-h": self.wantsHelp = true
            default: throw ArgumentError(text: "'\(argument)' is unknown")
            }
        }
    }

    private static func number<Number: FixedWidthInteger>(
        _ text: String?,
        _ name: String
    ) throws(ArgumentError) -> Number {
        guard let text, let number = Number(text), number >= 0 else {
            throw ArgumentError(text: "\(name) wants a number, not '\(text ?? "")'")
        }
        return number
    }
}

struct ArgumentError: Error {
    var text: String
}
