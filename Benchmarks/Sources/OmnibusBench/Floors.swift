// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Omnibus
import Synchronization

/// What the parts of a delivery cost by themselves, each in the bursts that its program happens to make.
extension Contestant {
    static let floors: [Contestant] = [
        .floorOfLock, .floorOfClock, .floorOfTaskLocal, .floorOfHandler, .floorOfHandOver, .floorOfWakeUp, .floorOfTask,
        .floorOfFreshMemory, .floorOfReading(megabytes: 4), .floorOfReading(megabytes: 64),
    ]

    /// A mutex that nobody else wants.
    private static let floorOfLock = Contestant(name: "floor/lock") { count, meter in
        let sum = Mutex(0)
        let figure = await meter.perMessage(of: count) {
            for n in 0..<count { sum.withLock { $0 &+= n } }
        }
        try check(sum.withLock { $0 }, count)
        return figure
    }

    /// The kernel's last tick, which the time of an id is.
    private static let floorOfClock = Contestant(name: "floor/clock") { count, meter in
        var last = timespec()
        let figure = await meter.perMessage(of: count) {
            for _ in 0..<count { clock_gettime(CLOCK_REALTIME_COARSE, &last) }
        }
        guard last.tv_sec > 0 else { throw BenchmarkError("The clock could not be read.") }
        return figure
    }

    @TaskLocal private static var scope: Tally?

    /// A task-local value that nobody has bound, as outside of handlers.
    private static let floorOfTaskLocal = Contestant(name: "floor/task-local") { count, meter in
        var sum = 0
        let figure = await meter.perMessage(of: count) {
            for n in 0..<count where Self.scope == nil { sum &+= n }
        }
        try check(sum, count)
        return figure
    }

    /// An asynchronous handler that is known at run time only, and suspends nowhere.
    private static let floorOfHandler = Contestant(name: "floor/handler") { count, meter in
        let tally = Tally(expected: count)
        // Not in an array, which would wrap them: calling one would be calling three.
        let right: @Sendable (Tick) async throws -> Void = { event in tally.add(event.n) }
        let wrong: @Sendable (Tick) async throws -> Void = { event in tally.add(event.n &+ 1) }
        let handler = count > 0 ? right : wrong
        let figure = try await meter.perMessage(of: count) {
            for n in 0..<count { try await handler(Tick(n: n, name: "tick")) }
        }
        try await tally.wait()
        return figure
    }

    /// What 56 bytes of an entry cost that one thread appends to an array and another one takes by the array.
    private static let floorOfHandOver = Contestant(name: "floor/hand-over") { count, meter in
        let queue = PlainQueue()
        let bound = 4_096
        let figure = await meter.perMessage(of: count) {
            let taker = Task.detached {
                var taken: [PlainQueue.Entry] = []
                var sum = 0
                var handled = 0
                while handled < count {
                    taken.removeAll(keepingCapacity: true)
                    queue.entries.withLock { swap(&$0, &taken) }
                    if taken.isEmpty { await Task.yield() }
                    for entry in taken { sum &+= entry.event.n }
                    handled += taken.count
                }
                return sum
            }
            var n = 0
            while n < count {
                let isFull = queue.entries.withLock { entries in
                    if entries.count >= bound { return true }
                    entries.append(PlainQueue.Entry(event: Tick(n: n, name: "tick")))
                    return false
                }
                if isFull { await Task.yield() } else { n += 1 }
            }
            _ = await taker.value
        }
        return figure
    }

    /// Two tasks that wake each other: what a round trip of two sleepers costs.
    private static let floorOfWakeUp = Contestant(name: "floor/wake-up") { count, meter in
        let there = AsyncStream<Int>.makeStream()
        let back = AsyncStream<Int>.makeStream()
        let figure = await meter.perMessage(of: count) {
            let answerer = Task.detached {
                for await n in there.stream { back.continuation.yield(n) }
                back.continuation.finish()
            }
            var answers = back.stream.makeAsyncIterator()
            for n in 0..<count {
                there.continuation.yield(n)
                _ = await answers.next()
            }
            there.continuation.finish()
            await answerer.value
        }
        return figure
    }

    /// A task that begins at once and ends without suspending, and its value: what a handler in its requester's place
    /// runs in.
    private static let floorOfTask = Contestant(name: "floor/task") { count, meter in
        let tally = Tally(expected: count)
        let figure = await meter.perMessage(of: count) {
            for n in 0..<count { await Task.immediateDetached { tally.add(n) }.value }
        }
        try await tally.wait()
        return figure
    }

    /// Memory that nobody has used before, as much in as many pieces as a subscription takes.
    private static let floorOfFreshMemory = Contestant(name: "floor/fresh-memory") { count, meter in
        let sizes = [1_128, 352, 376, 368, 336, 168, 112, 104, 104, 104, 96, 64, 40, 32, 32, 32]
        var pieces: [UnsafeMutableRawPointer] = []
        pieces.reserveCapacity(count * sizes.count + sizes.count)
        let figure = await meter.perMessage(of: count) {
            for _ in 0..<count {
                for size in sizes {
                    let piece = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
                    piece.initializeMemory(as: UInt8.self, repeating: 1, count: size)
                    pieces.append(piece)
                }
            }
        }
        for piece in pieces { piece.deallocate() }
        return figure
    }

    /// A place in a table of so much memory that the one before it has named: what following an edge costs where nothing
    /// was fetched ahead.
    private static func floorOfReading(megabytes: Int) -> Contestant {
        Contestant(name: "floor/read-\(megabytes)") { count, meter in
            // One cycle through all places, 32 bytes each, in no order (Sattolo's algorithm).
            let places = megabytes << 20 / 32
            var table = Array(repeating: (UInt64(0), UInt64(0), UInt64(0), UInt64(0)), count: places)
            var order = Array(0..<places)
            var random = SystemRandomNumberGenerator()
            for last in stride(from: places - 1, to: 0, by: -1) {
                order.swapAt(last, Int.random(in: 0..<last, using: &random))
            }
            for place in 0..<places { table[place].0 = UInt64(order[place]) }
            var place = 0
            let figure = await meter.perMessage(of: count) {
                for _ in 0..<count { place = Int(table[place].0) }
            }
            guard table.indices.contains(place) else { throw BenchmarkError("The table was not read.") }
            return figure
        }
    }

    private static func check(_ sum: Int, _ count: Int) throws {
        guard sum == count * (count - 1) / 2 else { throw BenchmarkError("The work was not done.") }
    }
}

/// A queue with nothing to it.
private final class PlainQueue: Sendable {
    /// As large as what the bus keeps of an event and the event.
    struct Entry: Sendable {
        var header: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        var event: Tick
    }

    let entries = Mutex<[Entry]>([])
}
