// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus

/// A subscription that a scenario reads by hand, directly or through a bus.
final class ConformanceReader: Sendable {
    private enum Source: Sendable {
        case provider(any ProviderSubscription)
        case bus(EventBus, Deliveries)
    }

    let run: ConformanceRun
    let id: SubscriptionID
    private let source: Source

    init(_ run: ConformanceRun, _ subscription: any ProviderSubscription) {
        self.run = run
        self.id = subscription.id
        self.source = .provider(subscription)
    }

    init(_ run: ConformanceRun, bus: EventBus, _ deliveries: Deliveries) {
        self.run = run
        self.id = deliveries.source.subscription.id
        self.source = .bus(bus, deliveries)
    }

    /// The provider's subscription, where it is spoken to directly.
    var provided: any ProviderSubscription {
        switch self.source {
        case .provider(let subscription): subscription
        case .bus(_, let deliveries): deliveries.source.subscription
        }
    }

    /// Waits for deliveries, a number of them at most; empty means the end. A bus hands out one at a time.
    func receive(upTo count: Int) async throws -> [Delivery] {
        let deliveries: [Delivery]
        switch self.source {
        case .provider(let subscription):
            deliveries = try await subscription.receive(upTo: count)
        case .bus(_, let sequence):
            // With acknowledging by hand, an iterator holds nothing back when it goes.
            var iterator = sequence.makeAsyncIterator()
            deliveries = try await iterator.next(isolation: nil).map { [$0] } ?? []
        }
        self.run.step(
            deliveries.isEmpty
                ? "'\(self.id)' has ended"
                : "'\(self.id)' received \(deliveries.map { $0.message.number.map(String.init) ?? "?" })"
        )
        return deliveries
    }

    /// Waits for one delivery; nil means the end.
    func nextOrEnd() async throws -> Delivery? {
        try await self.receive(upTo: 1).first
    }

    /// Waits for one delivery, which has to come.
    func next(file: String = #fileID, line: Int = #line) async throws -> Delivery {
        guard let delivery = try await self.nextOrEnd() else {
            throw ConformanceFinding(
                expected: "a delivery",
                found: "the subscription has ended",
                callSite: CallSite(file: file, line: line)
            )
        }
        return delivery
    }

    /// Waits for so many deliveries and leaves them unsettled.
    func take(_ count: Int, file: String = #fileID, line: Int = #line) async throws -> [Delivery] {
        var deliveries: [Delivery] = []
        while deliveries.count < count {
            let more = try await self.receive(upTo: count - deliveries.count)
            guard !more.isEmpty else {
                throw ConformanceFinding(
                    expected: "\(count) deliveries",
                    found: "\(deliveries.count), and then the end",
                    callSite: CallSite(file: file, line: line)
                )
            }
            deliveries += more
        }
        return deliveries
    }

    /// Acknowledges what comes until the message with a number has come, and returns what came before.
    ///
    /// This is how a scenario knows that there is nothing else: a marker that was published last comes last.
    func deliveries(before marker: Int, file: String = #fileID, line: Int = #line) async throws -> [Delivery] {
        var deliveries: [Delivery] = []
        while true {
            let delivery = try await self.next(file: file, line: line)
            try await delivery.ack()
            if delivery.message.number == marker { return deliveries }
            deliveries.append(delivery)
        }
    }

    /// The numbers of what comes before a marker.
    func numbers(before marker: Int, file: String = #fileID, line: Int = #line) async throws -> [Int] {
        try await self.deliveries(before: marker, file: file, line: line).map { $0.message.number ?? -1 }
    }

    /// Waits until the queue has been offered so many messages, where it is in the bus.
    ///
    /// A bus fetches by itself, and what it has not fetched cannot be put in order. Other queues have what is published.
    func offered(_ count: Int) async throws {
        guard self.run.hostsQueue, let lane = (self.provided as? LaneSubscription)?.lane else { return }
        while lane.metrics.offered < count {
            try Task.checkCancellation()
            await Task.yield()
        }
    }

    func cancel() async {
        self.run.step("cancel '\(self.id)'")
        switch self.source {
        case .provider(let subscription): await subscription.cancel()
        case .bus(_, let deliveries): await deliveries.cancel()
        }
    }
}
