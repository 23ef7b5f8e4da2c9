// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

public import Omnibus

/// What an ``EventRecorder`` throws: what was expected, what was recorded, and where in the test.
///
/// Swift Testing and XCTest both print an error that a test throws, so that nothing needs to be caught.
public struct RecorderFailure: Error, Hashable, CustomStringConvertible {
    /// Why an expectation was not met.
    public enum Reason: Sendable, Hashable {
        /// The task was cancelled while it waited, as a test's time limit does.
        case cancelled
        /// Something else was recorded.
        case different
        /// Something was recorded that should not have been.
        case unexpected
    }

    /// Why the expectation was not met.
    public let reason: Reason
    /// What was expected, in words.
    public let expected: String
    /// What was found instead, in words.
    public let found: String
    /// The elements that were recorded until then, as text; the first of them where there are many.
    public let recorded: [String]
    /// How many elements were recorded until then.
    public let count: Int
    /// The call that expected it.
    public let callSite: CallSite

    /// Elements beyond this many are counted and not shown.
    static let shownElements = 20
    /// Characters of one element beyond this many are not shown.
    static let shownCharacters = 200

    init<Element>(
        _ reason: Reason,
        expected: String,
        found: String,
        in elements: [Element],
        _ callSite: CallSite
    ) {
        self.reason = reason
        self.expected = expected
        self.found = found
        self.recorded = elements.prefix(Self.shownElements).map(Self.text)
        self.count = elements.count
        self.callSite = callSite
    }

    /// An element as text, shortened where it is long.
    static func text<Element>(_ element: Element) -> String {
        let text = String(describing: element)
        return text.count > Self.shownCharacters ? "\(text.prefix(Self.shownCharacters))…" : text
    }

    /// What was expected and what was found, in a sentence, and then what was recorded.
    public var description: String {
        let rest = self.count > self.recorded.count ? ["… and \(self.count - self.recorded.count) more"] : []
        let list = (self.recorded + rest).map { "\n  - \($0)" }.joined()
        let recorded = self.count == 0 ? "Nothing was recorded." : "\(self.count) recorded:\(list)"
        return "Expected \(self.expected), but \(self.found) (at \(self.callSite)). \(recorded)"
    }
}
