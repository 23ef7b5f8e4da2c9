// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

extension Lane {
    /// Lets the queue read a history too.
    package func attach(_ source: any LaneSource, resuming cursor: LogCursor, hasMore: Bool) {
    }

    /// Notes that the history has more than the queue has read.
    package func logHasGrown() {
    }

    /// Goes on reading elsewhere.
    package func seek(to start: StartPosition) {
    }
}
