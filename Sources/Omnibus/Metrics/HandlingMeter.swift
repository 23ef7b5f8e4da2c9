// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// Measures how long the deliveries of one subscription take.
struct HandlingMeter: Sendable {
    /// When an attempt began.
    struct Start: Sendable {
        var uptime: Duration
        /// How long before that the message was accepted, in nanoseconds; below zero where the clock was set back.
        var waited: Int64
    }

    private let clock: any BusClock
    private let store: MeterStore
    /// Keeps the subscription's entry while somebody may record in it.
    private let place: MeterStore.Place
    /// Where the deliveries of the only topic are recorded that there can be.
    private let topic: LatencyRecorder
    /// Whether there is only that, the pattern having no wildcards.
    private let hasOneTopic: Bool

    init(_ store: MeterStore, _ place: MeterStore.Place, topic: Topic?) {
        self.clock = store.clock
        self.store = store
        self.place = place
        self.topic = topic.map(store.recorder(for:)) ?? store.unlisted
        self.hasOneTopic = topic != nil
    }

    // MARK: Handling

    /// Returns a handler of events that is measured.
    func measuring<E: Event>(_ handler: @escaping @Sendable (E) async throws -> Void)
        -> @Sendable (E) async throws -> Void
    {
        { event in
            let start = self.begin()
            do {
                try await handler(event)
            } catch {
                let handling = self.end(start)
                self.topic.record(handling: handling)
                self.place.recorder.record(handling: handling)
                throw error
            }
            let handling = self.end(start)
            self.topic.record(delivery: start.waited + handling, handling: handling)
            self.place.recorder.record(delivery: start.waited + handling, handling: handling)
        }
    }

    /// Returns a handler of deliveries whose attempts are measured; what becomes of them is seen when it is settled.
    func measuring<Value: Sendable>(_ handling: Handling<Value>) -> Handling<Value> {
        let handle = handling.handle
        return Handling(
            prepare: handling.prepare,
            handle: { value, delivery in
                let topic = self.recorder(for: delivery.message.topic)
                let start = self.clock.uptime()
                defer {
                    let handling = (self.clock.uptime() - start).nanoseconds
                    topic.record(handling: handling)
                    self.place.recorder.record(handling: handling)
                }
                try await handle(value, delivery)
            }
        )
    }

    private func begin() -> Start {
        let now = self.clock.wallNanoseconds()
        let accepted = DeliveryScope.acceptedAt?.nanosecondsSinceEpoch ?? now
        return Start(uptime: self.clock.uptime(), waited: now - accepted)
    }

    private func end(_ start: Start) -> Int64 { (self.clock.uptime() - start.uptime).nanoseconds }

    private func recorder(for topic: Topic) -> LatencyRecorder {
        self.hasOneTopic ? self.topic : self.store.recorder(for: topic)
    }

    // MARK: Settling

    /// Returns what settles a delivery, and records it when it is acknowledged.
    func measuring(_ delivery: Delivery) -> any DeliverySettler {
        Settler(settler: delivery.settler, message: delivery.message, meter: self)
    }

    private func acknowledged(_ message: Message) {
        guard let accepted = message.acceptedAt ?? message.id.createdAt else { return }
        let nanoseconds = self.clock.wallNanoseconds() - accepted.nanosecondsSinceEpoch
        self.recorder(for: message.topic).record(delivery: nanoseconds)
        self.place.recorder.record(delivery: nanoseconds)
    }

    private struct Settler: DeliverySettler {
        let settler: any DeliverySettler
        let message: Message
        let meter: HandlingMeter

        func settle(_ settlements: [Settlement]) throws(OmnibusError) {
            try self.settler.settle(settlements)
            for settlement in settlements {
                if case .ack = settlement.action { self.meter.acknowledged(self.message) }
            }
        }

        func flush() async throws(OmnibusError) { try await self.settler.flush() }
    }
}
