// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// One way to do the work that a question asks about.
struct Contestant: Sendable {
    /// What it is called on the command line: the question, then who answers it.
    var name: String

    /// Sets up, handles this many messages, and returns what was found out about one of them, the setup left out.
    var run: @Sendable (_ count: Int, _ meter: Meter) async throws -> [Figure]

    /// Whether it handles a tenth of the messages first, so that what happens once is not measured.
    var warmsUp = true

    private init(name: String, figures: @escaping @Sendable (_ count: Int, _ meter: Meter) async throws -> [Figure]) {
        self.name = name
        self.run = figures
    }

    /// One that finds out what a meter reads per message.
    init(name: String, run: @escaping @Sendable (_ count: Int, _ meter: Meter) async throws -> Double) {
        self.init(name: name, figures: { count, meter in [Figure(value: try await run(count, meter))] })
    }

    /// One that finds out how long each message took, whatever the meter.
    static func timingEach(
        name: String,
        run: @escaping @Sendable (_ count: Int) async throws -> [Figure]
    ) -> Contestant {
        Contestant(name: name, figures: { count, _ in try await run(count) })
    }

    /// One that finds out how much memory something takes: in a process that has not used any for the like before, and
    /// whatever the meter.
    static func weighing(
        name: String,
        run: @escaping @Sendable (_ count: Int) async throws -> [Figure]
    ) -> Contestant {
        var contestant = Contestant(name: name, figures: { count, _ in try await run(count) })
        contestant.warmsUp = false
        return contestant
    }

    /// One that takes so long to set up that it does so once, and warms up by itself.
    static func settingUpOnce(
        name: String,
        run: @escaping @Sendable (_ count: Int, _ meter: Meter) async throws -> Double
    ) -> Contestant {
        var contestant = Contestant(name: name, run: run)
        contestant.warmsUp = false
        return contestant
    }

    /// One that also says what it has found, which whoever else does the same work has to find too.
    static func finding(
        name: String,
        run: @escaping @Sendable (_ count: Int, _ meter: Meter) async throws -> (found: Int, perMessage: Double)
    ) -> Contestant {
        Contestant(
            name: name,
            figures: { count, meter in
                let (found, perMessage) = try await run(count, meter)
                return [Figure(name: "answer", value: Double(found)), Figure(value: perMessage)]
            }
        )
    }

    static let all: [Contestant] =
        [
            .oneToOne, .oneToOneSynchronous, .alternatingOneToOne, .measuredOneToOne, .asyncStreamOneToOne,
            .twoPublishers, .fanOut, .inline,
            .notificationCenter,
            .batches, .groupOfFour, .requests, .histogram, .counter,
            .latencyAtTenThousand, .latencyAtHundredThousand, .requestLatency, .synchronousRequestLatency,
            .jsonParsing, .foundationParsing, .eventEncoding, .eventDecoding,
            .matchCached, .matchUncached(patterns: 37_000), .matchUncached(patterns: 1_000_000),
        ] + Self.floors + Self.subscribing + Self.weights + Self.crowds
}
