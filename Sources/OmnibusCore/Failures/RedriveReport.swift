// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// Where a dead letter is redriven to.
public enum RedriveDestination: Sendable, Hashable {
    /// The group whose handler failed; the others, who are done with it, do not get it again.
    case group
    /// Its topic: everybody who listens there handles it again.
    case topic
}

/// What became of one dead letter that was to be redriven.
public struct RedriveResult: Sendable {
    /// The dead letter's id.
    public let id: DeadLetter.ID
    /// The dead letter as it was; nil where there was none of that id.
    public let letter: DeadLetter?
    /// Why it was not redriven, in which case it is kept; nil where it was.
    public let error: OmnibusError?

    /// Creates a result, for those who write a ``DeadLetterHandler``.
    public init(id: DeadLetter.ID, letter: DeadLetter?, error: OmnibusError?) {
        self.id = id
        self.letter = letter
        self.error = error
    }

    /// Whether the message is back in a queue.
    public var isRedriven: Bool { self.error == nil }
    /// The message that had failed; nil where there was no dead letter of that id.
    public var message: Message? { self.letter?.message }
    /// Why the message had been given up on; nil where there was no dead letter of that id.
    public var reason: DeadLetter.Reason? { self.letter?.reason }
    /// Whether handling the message again may succeed; see ``DeadLetter/isRetryEligible``.
    public var isRetryEligible: Bool { self.letter?.isRetryEligible ?? false }
}

/// What became of several dead letters that were to be redriven.
public struct RedriveReport: Sendable {
    /// One result for each dead letter, in the order in which they were tried.
    public var results: [RedriveResult]

    /// Creates a report of results.
    public init(_ results: [RedriveResult] = []) {
        self.results = results
    }

    /// How many messages are back in a queue.
    public var redrivenCount: Int { self.results.count(where: \.isRedriven) }
    /// The results of those that are kept, with the reason.
    public var failures: [RedriveResult] { self.results.filter { !$0.isRedriven } }
}

extension RedriveReport: CustomStringConvertible {
    /// How many were redriven, and why others were not.
    public var description: String {
        let failures = self.failures
        var lines = ["\(self.redrivenCount) redriven, \(failures.count) not"]
        for failure in failures.prefix(10) {
            lines.append("  \(failure.id): \(failure.error?.message ?? "")")
        }
        if failures.count > 10 { lines.append("  and \(failures.count - 10) more") }
        return lines.joined(separator: "\n")
    }
}
