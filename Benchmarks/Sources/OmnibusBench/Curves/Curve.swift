// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// How a cost grows with something.
struct Curve: Sendable {
    /// What it is called on the command line.
    var name: String
    /// How many there are of what it grows with, in ascending order.
    var points: [Int]
    /// What each of its lines is at one point.
    var measure: @Sendable (_ x: Int) async throws -> [Height]

    /// How high one line of a curve is, in nanoseconds or bytes.
    struct Height: Sendable {
        var line: String
        var y: Double
    }

    static let all: [Curve] = [
        .subscriptions, .subscribers, .publishers, .payloads, .groups, .words, .wildcards, .churn, .memory,
    ]

    /// The powers of ten up to a number.
    static func decades(to last: Int) -> [Int] {
        Array(sequence(first: 1) { $0 < last ? $0 * 10 : nil })
    }

    /// The least nanoseconds for each of so many, of several turns: what else a machine does makes a turn slower and
    /// never faster. The first turn warms up.
    static func least(of turns: Int = 5, for count: Int, _ turn: () async throws -> Void) async rethrows -> Double {
        try await turn()
        var least = Double.infinity
        for _ in 0..<turns {
            least = min(least, try await Meter.time.perMessage(of: count, turn))
        }
        return least
    }
}

extension Curve {
    /// Prints its points, a line of JSON for each height: all of them, or one.
    func printPoints(only x: Int?) async throws {
        for x in x.map({ [$0] }) ?? self.points {
            for height in try await self.measure(x) {
                print(#"{"curve": "\#(self.name)", "line": "\#(height.line)", "x": \#(x), "y": \#(height.y)}"#)
            }
        }
    }
}
