// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// The history that a lane reads, by a reader of its own.
///
/// All of it is called under the lane's lock and must be short; nothing foreign runs in it. What is handed out to be
/// released is released when no lock is held, because payloads may have code of their own.
package protocol LaneSource: Sendable {
    /// Begins the reading, and returns whether there is something to read; otherwise the lane is told when there is.
    func begin() -> Bool

    /// Hands over what comes next; at the end, the lane is told by ``Lane/logHasGrown(to:)`` when there is more.
    func read(upTo count: Int, bytes: Int) -> RetainedLog.Batch

    /// The record with a sequence number; nil when it was removed.
    func record(at sequence: Int64) -> LogRecord?

    /// Goes on reading elsewhere; returns whether there is more to read now, and what was found to be too old.
    func seek(to start: StartPosition) -> (hasMore: Bool, removed: [LogRecord])

    /// Ends the reading; a group's next lane begins with what is handed over here.
    func park(_ cursor: LogCursor)

    /// Notes that a message was settled after the reading had ended.
    func settleParked(_ sequence: Int64)
}
