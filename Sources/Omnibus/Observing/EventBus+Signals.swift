// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// Somebody who listens to a bus's signals, until `cancel()`.
public struct SignalListener: Sendable {
    let hub: SignalHub
    let id: UInt64

    /// Stops listening; a signal that is being handed over may still arrive. Dropping the value cancels nothing.
    public func cancel() {
        self.hub.remove(self.id)
    }
}

extension EventBus {
    /// Calls a handler for each signal: a slow queue, dropped messages, a publish that nobody listened to, and so on.
    ///
    /// The handler runs at once, in the thread where the thing happened, publishers' included: keep it short. It may
    /// publish. Buses that share a provider hear the same signals.
    @discardableResult
    public func onSignal(_ handler: @escaping @Sendable (BusSignal) -> Void) -> SignalListener {
        SignalListener(hub: self.signals, id: self.signals.add(handler))
    }
}
