// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// The deliveries in flight that somebody holds a handle to.
///
/// A handle is a slot and its generation, so that finding a delivery is an array access, and a handle that was used or
/// whose delivery was taken back is noticed for ever.
package struct DeliverySlots: Sendable {
    private struct Slot {
        var generation: UInt32 = 0
        var entry: HeldEntry?
        var member: SubscriptionID?
        var deadline: Duration?
        /// The last generation whose delivery was taken back rather than settled.
        var lost: UInt32?
    }

    private var slots: [Slot] = []
    private var free: [UInt32] = []

    package init() {}

    /// How many deliveries are held.
    package var count: Int { self.slots.count - self.free.count }

    /// The earliest deadline; O(slots).
    package var earliestDeadline: Duration? {
        self.slots.lazy.compactMap(\.deadline).min()
    }

    package mutating func add(_ entry: HeldEntry, member: SubscriptionID, deadline: Duration?) -> DeliveryToken {
        let index: UInt32
        if let reused = self.free.popLast() {
            index = reused
        } else {
            index = UInt32(self.slots.count)
            self.slots.append(Slot())
        }
        self.slots[Int(index)].entry = entry
        self.slots[Int(index)].member = member
        self.slots[Int(index)].deadline = deadline
        return DeliveryToken(slot: index, generation: self.slots[Int(index)].generation)
    }

    /// The delivery of a handle that is not stale.
    package func entry(_ token: DeliveryToken) -> HeldEntry? {
        self.isCurrent(token) ? self.slots[Int(token.slot)].entry : nil
    }

    package mutating func remove(_ token: DeliveryToken) -> HeldEntry? {
        guard self.isCurrent(token) else { return nil }
        return self.empty(Int(token.slot), isLost: false)
    }

    /// Takes a delivery back from whoever has its handle, and gives it another one; nil where it is stale already.
    mutating func renew(_ token: DeliveryToken) -> DeliveryToken? {
        guard self.isCurrent(token), let member = self.slots[Int(token.slot)].member else { return nil }
        let deadline = self.slots[Int(token.slot)].deadline
        guard let entry = self.empty(Int(token.slot), isLost: true) else { return nil }
        return self.add(entry, member: member, deadline: deadline)
    }

    package mutating func extend(_ token: DeliveryToken, until deadline: Duration) -> Bool {
        guard self.isCurrent(token) else { return false }
        self.slots[Int(token.slot)].deadline = deadline
        return true
    }

    /// Whether the delivery of a stale handle was taken back; false when it was settled, or too long ago to tell.
    package func isLost(_ token: DeliveryToken) -> Bool {
        guard Int(token.slot) < self.slots.count else { return false }
        return self.slots[Int(token.slot)].lost == token.generation
    }

    package func isCurrent(_ token: DeliveryToken) -> Bool {
        guard Int(token.slot) < self.slots.count else { return false }
        let slot = self.slots[Int(token.slot)]
        if Mutation.isActive(.settleStale) { return slot.entry != nil }
        return slot.generation == token.generation && slot.entry != nil
    }

    package mutating func removeOverdue(by now: Duration) -> [HeldEntry] {
        self.removeAll { slot in slot.deadline.map { $0 <= now } ?? false }
    }

    package mutating func removeAll(of member: SubscriptionID) -> [HeldEntry] {
        self.removeAll { $0.member == member }
    }

    package func token(of message: MessageID, member: SubscriptionID) -> DeliveryToken? {
        for (index, slot) in self.slots.enumerated() where slot.member == member && slot.entry?.message.id == message {
            return DeliveryToken(slot: UInt32(index), generation: slot.generation)
        }
        return nil
    }

    private mutating func removeAll(where isMeant: (Slot) -> Bool) -> [HeldEntry] {
        var removed: [HeldEntry] = []
        for index in self.slots.indices where self.slots[index].entry != nil && isMeant(self.slots[index]) {
            if let entry = self.empty(index, isLost: true) { removed.append(entry) }
        }
        return removed
    }

    private mutating func empty(_ index: Int, isLost: Bool) -> HeldEntry? {
        let entry = self.slots[index].entry
        self.slots[index].entry = nil
        self.slots[index].member = nil
        self.slots[index].deadline = nil
        if isLost { self.slots[index].lost = self.slots[index].generation }
        self.slots[index].generation &+= 1
        self.free.append(UInt32(index))
        return entry
    }
}
