// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The clock by which single messages are timed: whole nanoseconds that only go up, since no particular moment.
enum Monotonic {
    static var nanoseconds: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// Waits for a moment, and returns how many nanoseconds later it is by then.
    ///
    /// Other tasks may have the thread until shortly before; a timer would add its own lateness, and the last yield too.
    static func wait(until moment: Int64) async -> Int64 {
        while true {
            let now = self.nanoseconds
            if now >= moment { return now - moment }
            if now < moment - 2_000 { await Task.yield() }
        }
    }
}
