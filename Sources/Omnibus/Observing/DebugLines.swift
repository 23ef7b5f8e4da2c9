// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// The lines of the debugging switch.
enum DebugLines {
    /// Whether the environment asks for them.
    static let isWanted: Bool = {
        let value = ProcessInfo.processInfo.environment["OMNIBUS_DEBUG_EVENTS"] ?? ""
        return ["1", "true", "yes", "on"].contains(value.lowercased())
    }()

    /// What cannot be printed is not worth an error: the bus goes on.
    private static let output = try? LineOutput(.standardError)

    /// Prints a line to standard error, in one piece.
    static func print(_ activity: Activity) {
        self.output?.write(activity.description)
    }
}
