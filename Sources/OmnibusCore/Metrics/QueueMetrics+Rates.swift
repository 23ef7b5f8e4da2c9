// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

extension QueueMetrics {
    /// Messages that were not handled and will not be: dead-lettered, expired, dropped, refused, missed or abandoned.
    ///
    /// At any time `offered` is the sum of `acknowledged`, `failed`, `coalesced`, `filtered` and `pending`. A dead
    /// letter that is redriven is offered anew, and stays a failure of its first way.
    public var failed: Int {
        self.deadLettered + self.expired + self.dropped + self.refused + self.missed + self.abandoned
    }

    /// The share of messages that were handled, of those that were handled or failed; from 0 to 1.
    ///
    /// It is nil while there are none.
    public var successRate: Double? {
        let ended = self.acknowledged + self.failed
        return ended > 0 ? Double(self.acknowledged) / Double(ended) : nil
    }

    /// Messages that wait for somebody to handle them, those that wait for their retry included.
    public var waiting: Int { self.pending - self.inFlight }
}
