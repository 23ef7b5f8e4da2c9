// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusTesting

@testable import Omnibus

/// The providers that every behaviour is tested over.
enum Backing: CaseIterable, Sendable {
    /// Publishes and hands out, and forgets what it has handed out.
    case poor
    /// Keeps what is not acknowledged, and hands it out again when the receiver is gone.
    case middling
    /// The in-memory broker, declaring no more than the one before, groups and wildcards.
    case reduced
}

/// A bus over one of them, on a clock that stands still.
struct HostedBus {
    let manual = ManualEnvironment(seed: 20)
    let provider: any EventBusProvider
    let bus: EventBus

    init(_ backing: Backing, settings: BusSettings = BusSettings()) {
        let environment = self.manual.environment
        self.provider =
            switch backing {
            case .poor: QueueProvider([], clock: environment.clock)
            case .middling: QueueProvider([.acknowledgement], clock: environment.clock)
            case .reduced: ReducedBroker([.acknowledgement, .groups, .wildcards], environment: environment)
            }
        self.bus = EventBus(provider: self.provider, environment: environment, settings: settings)
    }

    init(_ provider: any EventBusProvider, _ manual: ManualEnvironment, settings: BusSettings = BusSettings()) {
        self.provider = provider
        self.bus = EventBus(provider: provider, environment: manual.environment, settings: settings)
    }

    /// Lets time pass until nothing waits for it.
    func runOut() async {
        await self.bus.settled()
        while let time = self.manual.clock.timeToNextTimer {
            self.manual.clock.advance(by: time)
            await self.bus.settled()
        }
    }

    /// Waits until all that can be fetched for a subscription has been.
    func fetched(_ subscription: Subscription) async {
        await self.bus.subscriptions.record(subscription.id)?.hosted?.caughtUp()
    }

    /// Waits until the provider's subscription has ended.
    static func ended(_ hosted: HostedLane?) async {
        _ = await hosted?.ended.value()
    }
}

extension QueueMetrics {
    /// What all that was offered has become.
    var accounted: Int {
        self.acknowledged + self.deadLettered + self.dropped + self.refused + self.abandoned + self.pending
    }
}
