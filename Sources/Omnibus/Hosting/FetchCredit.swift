// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// Decides how many messages may be fetched for a queue: never more than it has room for.
struct FetchCredit: Sendable {
    /// How many are fetched at once, at most: what was fetched is lost to other members of the group.
    static let largestBatch = 64

    let bounds: QueueBounds
    /// Whether the queue drops what does not fit, so that everything is fetched.
    let isDropping: Bool
    /// The size of the largest message so far: as long as none is larger, the bound in bytes holds.
    private(set) var largestSize = 0

    /// - Parameter isBoundedThere: whether the provider bounds what waits there, so that little is fetched.
    init(_ settings: SubscriptionSettings, isBoundedThere: Bool = false) {
        var bounds = settings.bounds
        if isBoundedThere { bounds.count = min(bounds.count, Self.largestBatch) }
        self.bounds = bounds
        switch settings.overflow {
        case .suspend, .reject, .coalescing: self.isDropping = false
        case .dropOldest, .dropNewest: self.isDropping = !isBoundedThere
        }
    }

    /// Notes the size of a message.
    mutating func note(size: Int) {
        self.largestSize = max(self.largestSize, size)
    }

    /// How many messages may be fetched now; 0 while there is no room.
    func count(_ backlog: Lane.Backlog) -> Int {
        if self.isDropping { return Self.largestBatch }
        // A message that is larger than the bound is taken by an empty queue, or it could never be handled.
        if backlog.count == 0, backlog.parked == 0, self.largestSize == 0 || self.largestSize >= self.bounds.bytes {
            return 1
        }
        // What is fetched may all be of a key that is held.
        let parking = self.bounds.parked - backlog.parked
        let room = min(self.bounds.count - backlog.count, parking, Self.largestBatch)
        let bytes = self.bounds.bytes - backlog.bytes
        guard room > 0, bytes > 0 else { return 0 }
        if self.largestSize == 0 { return 1 }
        return min(room, bytes / self.largestSize)
    }

    /// Whether it is worth going on after a pause for want of room: a wake-up costs as much as many messages.
    func isWorthwhile(_ backlog: Lane.Backlog) -> Bool {
        let count = self.count(backlog)
        guard count > 0 else { return false }
        return backlog.ready == 0 || count >= min(Self.largestBatch, max(1, self.bounds.count / 4))
    }
}
