// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// `omnibus-bench QUESTION/CONTESTANT COUNT [time|allocations|instructions]` prints what one message took: a number, or
/// a line with a name and a number for each of several. `omnibus-bench curve NAME [X]` prints the points of a curve, or
/// one of them.
@main
enum OmnibusBench {
    static func main() {
        let arguments = CommandLine.arguments.dropFirst()
        if arguments.first == "curve" { self.drawCurve(arguments.dropFirst()) }
        guard
            let contestant = Contestant.all.first(where: { $0.name == arguments.first }),
            let count = arguments.dropFirst().first.flatMap({ Int($0) }), count > 0,
            let meter = Meter(rawValue: arguments.dropFirst(2).first ?? Meter.time.rawValue)
        else {
            let names = Contestant.all.map(\.name).joined(separator: ", ")
            fail("usage: omnibus-bench NAME COUNT [time|allocations|instructions]\nnames: \(names)", status: 2)
        }

        self.run(contestant.name) {
            for figure in try await self.figures(of: contestant, count: count, meter: meter) { print(figure) }
        }
    }

    private static func drawCurve(_ arguments: ArraySlice<String>) -> Never {
        guard let curve = Curve.all.first(where: { $0.name == arguments.first }) else {
            let names = Curve.all.map { "\($0.name) at \($0.points.map(String.init).joined(separator: " "))" }
            fail("usage: omnibus-bench curve NAME [X]\n\(names.joined(separator: "\n"))", status: 2)
        }
        let x = arguments.dropFirst().first
        let number = x.flatMap { Int($0) }
        guard (x == nil) == (number == nil), curve.points.contains(number ?? curve.points[0]) else {
            fail("\(curve.name) has the points \(curve.points)", status: 2)
        }
        self.run("curve \(curve.name)") { try await curve.printPoints(only: number) }
    }

    /// Ends the process when the work is done.
    private static func run(_ name: String, _ work: @escaping @Sendable @concurrent () async throws -> Void) -> Never {
        Task { @concurrent in
            do {
                try await work()
                exit(0)
            } catch {
                fail("\(name): \(error)", status: 1)
            }
        }
        // No asynchronous main function: that one ends the main thread in a way that Valgrind does not survive.
        while true { pause() }
    }

    /// Runs off the main thread: the publisher is a task among tasks, as a goroutine is among goroutines.
    @concurrent
    private static func figures(of contestant: Contestant, count: Int, meter: Meter) async throws -> [Figure] {
        let warmsUp = contestant.warmsUp && meter != .instructions
        if warmsUp { _ = try await contestant.run(count / 10 + 1, .time) }
        return try await contestant.run(count, meter)
    }

    private static func fail(_ message: String, status: Int32) -> Never {
        let line = Array("\(message)\n".utf8)
        _ = line.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
        exit(status)
    }
}
