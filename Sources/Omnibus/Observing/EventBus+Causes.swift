// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

extension EventBus {
    /// Returns the messages that led to a message and all that they led to, as far as the bus remembers them.
    ///
    /// ```swift
    /// let bus = EventBus(settings: BusSettings(rememberedMessages: 10_000))
    /// …
    /// print(bus.causes(of: receipt.messageID) ?? "nobody remembers")
    /// ```
    ///
    /// Remembered are the newest published messages (``BusSettings/rememberedMessages``), what the histories of retained
    /// topics keep, and dead letters. The in-memory broker's topics are seen whoever publishes, the system's aside; of
    /// other providers, what this bus has published.
    ///
    /// - Returns: nil where the message is not remembered.
    /// - Complexity: O(n log n) in the messages that are remembered.
    public func causes(of id: MessageID) -> CauseTree? {
        var remembered = self.causes.messages + (self.memory?.keptFacts ?? [])
        let deadLetters = self.memory?.deadLetters ?? self.host?.deadLetters
        deadLetters?.forEach(where: .all) { remembered.append(MessageFacts($0.message)) }
        return CauseTree(of: id, among: remembered)
    }

    /// Begins to print and to remember what the settings say.
    func beginToWatch() {
        // A broker that was disconnected has nothing to watch, and every call on the bus says why.
        if self.settings.debugEvents { try? self.watch(DebugLines.print) }
        guard self.causes.limit > 0 else { return }
        try? self.watch { [causes] activity in
            if activity.kind == .emitted { causes.add(MessageFacts(activity)) }
        }
    }
}
