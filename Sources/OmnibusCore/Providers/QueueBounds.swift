// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// How much may wait in one queue.
///
/// Critical messages have the same bounds again for themselves, so that a backlog never shuts them out.
public struct QueueBounds: Sendable, Hashable {
    /// The largest number of messages that may wait, from 1 to 2,147,483,647.
    public var count: Int
    /// The number of bytes, at least 1; events that have not been encoded count by their estimated size.
    public var bytes: Int
    /// How many messages above `count` handlers may publish, so that a handler never waits for a queue.
    ///
    /// Where there is any, they may also exceed `bytes`, by as much again.
    public var cascade: Int
    /// How many messages may wait behind keys that are held, beside `count`; the rest flows past them.
    ///
    /// What was accepted before its key was held may exceed it, by `count` at most.
    public var parked: Int
    /// How many messages may wait behind one held key; then the overflow policy applies to that key alone.
    public var parkedPerKey: Int

    /// Creates the bounds of a queue, in messages and bytes.
    ///
    /// - Parameters:
    ///   - cascade: the allowance for publishing inside handlers; nil is `count` again.
    ///   - parked: the allowance for messages behind held keys; nil is `count` again.
    ///   - parkedPerKey: the part of it that one key may take; nil is a quarter, at least one.
    public init(
        count: Int = 4_096,
        bytes: Int = 16 * 1_024 * 1_024,
        cascade: Int? = nil,
        parked: Int? = nil,
        parkedPerKey: Int? = nil
    ) {
        self.count = count
        self.bytes = bytes
        self.cascade = cascade ?? count
        self.parked = parked ?? count
        self.parkedPerKey = parkedPerKey ?? max(1, (parked ?? count) / 4)
    }

    /// The bytes that may wait where handlers have published, whose allowance is the bound again; none without an
    /// allowance for messages.
    package var cascadeBytes: Int { self.cascade > 0 ? self.doubledBytes : self.bytes }

    /// Twice the bound in bytes, or all that there are.
    package var doubledBytes: Int { self.bytes > Int.max / 2 ? .max : 2 * self.bytes }

    package var findings: [String] {
        func check(_ name: String, _ value: Int, from least: Int) -> [String] {
            value < least || value > Int(Int32.max)
                ? ["'bounds.\(name)' is \(value); it must be from \(least) to \(Int32.max)"] : []
        }
        var findings = check("count", self.count, from: 1)
        if self.bytes < 1 { findings.append("'bounds.bytes' is \(self.bytes); it must be positive") }
        findings += check("cascade", self.cascade, from: 0)
        findings += check("parked", self.parked, from: 1)
        findings += check("parkedPerKey", self.parkedPerKey, from: 1)
        return findings
    }
}
