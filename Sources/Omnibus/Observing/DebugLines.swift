// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The lines of the debugging switch.
enum DebugLines {
    /// Whether the environment asks for them.
    static let isWanted: Bool = {
        let value = ProcessInfo.processInfo.environment["OMNIBUS_DEBUG_EVENTS"] ?? ""
        return ["1", "true", "yes", "on"].contains(value.lowercased())
    }()

    /// Prints a line to standard error, in one piece.
    static func print(_ activity: Activity) {
        let line = Array("\(activity)\n".utf8)
        // What cannot be printed is not worth an error: the bus goes on.
        _ = line.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
