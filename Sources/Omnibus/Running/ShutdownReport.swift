// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// What a shutdown did with the work that was there.
public struct ShutdownReport: Sendable, Hashable {
    /// Messages that were handled after the shutdown had begun.
    public var drained: Int
    /// Messages that were given up, because the deadline had passed or nobody read them any more.
    public var abandoned: Int
    /// Messages that were still waiting for their time, because it comes after the deadline, and were given up.
    public var scheduled: Int
    /// Whether handlers had to be cancelled because the deadline had passed.
    public var wasCancelled: Bool
    /// What ignored the cancellation and still runs: subscriptions whose handlers do, and `what was enqueued` where a
    /// publish middleware does.
    public var stuck: [String]

    init(drained: Int = 0, abandoned: Int = 0, scheduled: Int = 0, wasCancelled: Bool = false, stuck: [String] = []) {
        self.drained = drained
        self.abandoned = abandoned
        self.scheduled = scheduled
        self.wasCancelled = wasCancelled
        self.stuck = stuck
    }
}
