// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

package import CloudEvents

/// What a worker has done since it said so the last time.
package struct WorkerProgress: Sendable {
    /// What has become of the entries that it has taken ahead.
    package enum Ahead: Sendable {
        case unchanged
        /// A worker alone has so many left, the first of them accepted then.
        case remaining(Int, bytes: Int, oldest: Timestamp?)
        /// A worker of several has begun, or given up, so many.
        case begun(Int, bytes: Int)
    }

    /// Entries that were handled and are to be acknowledged.
    package var completed = 0
    /// The key that the last of them held.
    package var release: KeyRelease?
    package var ahead = Ahead.unchanged

    package init() {}

    /// Adds entries that a worker of several has begun, or given up.
    mutating func begin(_ entries: (count: Int, bytes: Int)) {
        guard entries.count > 0 else { return }
        if case .begun(let count, let bytes) = self.ahead {
            self.ahead = .begun(count + entries.count, bytes: bytes + entries.bytes)
        } else {
            self.ahead = .begun(entries.count, bytes: entries.bytes)
        }
    }
}
