// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// `omnibus-bench QUESTION/CONTESTANT COUNT [time|allocations|instructions]` prints what one message took: a number, or a line with a
/// name and a number for each of several.
@main
enum OmnibusBench {
    static func main() {
        let arguments = CommandLine.arguments.dropFirst()
        guard
            let contestant = Contestant.all.first(where: { $0.name == arguments.first }),
            let count = arguments.dropFirst().first.flatMap({ Int($0) }), count > 0,
            let meter = Meter(rawValue: arguments.dropFirst(2).first ?? Meter.time.rawValue)
        else {
            let names = Contestant.all.map(\.name).joined(separator: ", ")
            fail("usage: omnibus-bench NAME COUNT [time|allocations|instructions]\nnames: \(names)", status: 2)
        }

        Task { @concurrent in
            do {
                for figure in try await self.figures(of: contestant, count: count, meter: meter) { print(figure) }
                exit(0)
            } catch {
                fail("\(contestant.name): \(error)", status: 1)
            }
        }
        // No asynchronous main function: that one ends the main thread in a way that Valgrind does not survive.
        while true { pause() }
    }

    /// Runs off the main thread: the publisher is a task among tasks, as a goroutine is among goroutines.
    @concurrent
    private static func figures(of contestant: Contestant, count: Int, meter: Meter) async throws -> [Figure] {
        if meter != .instructions { _ = try await contestant.run(count / 10 + 1, .time) }  // warm-up
        return try await contestant.run(count, meter)
    }

    private static func fail(_ message: String, status: Int32) -> Never {
        let line = Array("\(message)\n".utf8)
        _ = line.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
        exit(status)
    }
}
