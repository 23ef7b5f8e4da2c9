// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// One way to do the work that a question asks about.
struct Contestant: Sendable {
    /// What it is called on the command line: the question, then who answers it.
    var name: String

    /// Sets up, handles this many messages, and returns what the meter read per message, the setup left out.
    var run: @Sendable (_ count: Int, _ meter: Meter) async throws -> Double

    static let all: [Contestant] = [
        .oneToOne, .oneToOneSynchronous, .measuredOneToOne, .asyncStreamOneToOne, .twoPublishers, .fanOut, .inline,
        .notificationCenter,
        .batches, .groupOfFour, .requests, .histogram, .counter,
    ]
}
