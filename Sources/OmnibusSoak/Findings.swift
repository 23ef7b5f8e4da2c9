// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Prints a line at once: it is read while the program runs.
func say(_ line: String) {
    print(line)
    fflush(nil)
}

/// What was measured, line by line, and whether every limit was kept.
struct Findings {
    private(set) var broken = 0

    mutating func note(_ line: String, isKept: Bool = true) {
        say(isKept ? "  ok     \(line)" : "  BROKEN \(line)")
        if !isKept { self.broken += 1 }
    }
}

extension Double {
    /// The number with a few places, for a table.
    func rounded(to places: Int) -> String {
        var factor = 1.0
        for _ in 0..<places { factor *= 10 }
        let value = (self * factor).rounded() / factor
        return "\(value)"
    }
}

extension Int {
    var megabytes: String { (Double(self) / 1_048_576).rounded(to: 1) + " MiB" }
}
