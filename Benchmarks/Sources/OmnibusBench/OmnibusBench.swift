// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// `omnibus-bench QUESTION/CONTESTANT COUNT [time|allocations]` prints what one message took.
@main
enum OmnibusBench {
    static func main() async {
        let arguments = CommandLine.arguments.dropFirst()
        guard
            let contestant = Contestant.all.first(where: { $0.name == arguments.first }),
            let count = arguments.dropFirst().first.flatMap({ Int($0) }), count > 0,
            let meter = Meter(rawValue: arguments.dropFirst(2).first ?? Meter.time.rawValue)
        else {
            let names = Contestant.all.map(\.name).joined(separator: ", ")
            fail("usage: omnibus-bench NAME COUNT [time|allocations]\nnames: \(names)", status: 2)
        }

        do {
            print(try await self.figure(of: contestant, count: count, meter: meter))
        } catch {
            fail("\(contestant.name): \(error)", status: 1)
        }
    }

    /// Runs off the main thread: the publisher is a task among tasks, as a goroutine is among goroutines.
    @concurrent
    private static func figure(of contestant: Contestant, count: Int, meter: Meter) async throws -> Double {
        _ = try await contestant.run(count / 10 + 1, .time)  // warm-up
        return try await contestant.run(count, meter)
    }

    private static func fail(_ message: String, status: Int32) -> Never {
        let line = Array("\(message)\n".utf8)
        _ = line.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
        exit(status)
    }
}
