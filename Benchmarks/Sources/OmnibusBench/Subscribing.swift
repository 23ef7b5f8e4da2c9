// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus

/// What does it take to subscribe, and to end a subscription? Handlers of deliveries, each of a pattern of its own,
/// through `EventBus` with the default configuration.
extension Contestant {
    static let subscribing = [Self.subscribe, Self.unsubscribe]

    private static let subscribe = Contestant(name: "subscribe/omnibus") { count, meter in
        let bus = EventBus()
        let patterns = try MatchRule(count: count).patterns()

        let figure = try await meter.perMessage(of: count) {
            for pattern in patterns { try await bus.subscribe(to: pattern) { _ in } }
        }

        try await bus.shutdown(deadline: .seconds(30))
        return figure
    }

    private static let unsubscribe = Contestant(name: "unsubscribe/omnibus") { count, meter in
        let bus = EventBus()
        var subscriptions: [Subscription] = []
        for pattern in try MatchRule(count: count).patterns() {
            subscriptions.append(try await bus.subscribe(to: pattern) { _ in })
        }

        let figure = await meter.perMessage(of: count) {
            for subscription in subscriptions { await subscription.cancel() }
        }

        try await bus.shutdown(deadline: .seconds(30))
        return figure
    }
}
