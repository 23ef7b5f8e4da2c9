// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting

// An order is a small saga: its stock is reserved and its card is charged, at the same time. When both have worked, the
// order is confirmed; when one has failed, the order is cancelled and what the other has done is undone.

struct OrderPlaced: Event {
    static let topic: Topic = "orders.placed"
    var order: String
}

struct StockReserved: Event {
    static let topic: Topic = "stock.reserved"
    var order: String
}

struct CardCharged: Event {
    static let topic: Topic = "card.charged"
    var order: String
}

struct StepFailed: Event {
    static let topic: Topic = "orders.failed"
    var order: String
    var step: String
}

/// What the world looks like: the warehouse, the bank, and what has become of the order.
actor Shop {
    private(set) var reserved: Set<String> = []
    private(set) var charged: Set<String> = []
    private(set) var confirmed: Set<String> = []
    private(set) var cancelled: Set<String> = []

    func reserve(_ order: String) { self.reserved.insert(order) }
    func release(_ order: String) { self.reserved.remove(order) }
    func charge(_ order: String) { self.charged.insert(order) }
    func refund(_ order: String) { self.charged.remove(order) }
    func confirm(_ order: String) { self.confirmed.insert(order) }
    func cancel(_ order: String) { self.cancelled.insert(order) }

    /// A cancelled order keeps neither its stock nor the customer's money; a confirmed one has both.
    var isConsistent: Bool {
        self.cancelled.isDisjoint(with: self.reserved.union(self.charged).union(self.confirmed))
            && self.confirmed.isSubset(of: self.reserved.intersection(self.charged))
    }
}

/// How the saga undoes what a cancelled order has done.
enum Compensation {
    /// It undoes what it finds done when the order is cancelled: wrong, because the other step may still be on its way.
    case once
    /// It also undoes each step that is done only after the cancellation.
    case always
}

/// Connects the saga's parts through the bus.
func subscribe(_ bus: EventBus, _ shop: Shop, _ compensation: Compensation, in simulation: Simulation) async throws {
    try await bus.subscribe(to: OrderPlaced.self, group: "warehouse") { placed in
        try await simulation.clock.sleep(for: .milliseconds(20))
        await shop.reserve(placed.order)
        simulation.note("the stock is reserved")
        try await bus.publish(StockReserved(order: placed.order))
    }
    try await bus.subscribe(to: OrderPlaced.self, group: "bank") { placed in
        try await simulation.clock.sleep(for: .milliseconds(20))
        simulation.note("the card is declined")
        try await bus.publish(StepFailed(order: placed.order, step: "card"))
    }
    try await bus.subscribe(to: StepFailed.self, group: "saga") { failed in
        await shop.cancel(failed.order)
        simulation.note("the order is cancelled")
        if await shop.reserved.contains(failed.order) {
            await shop.release(failed.order)
            simulation.note("the stock is released")
        }
    }
    try await bus.subscribe(to: StockReserved.self, group: "saga") { reserved in
        guard compensation == .always, await shop.cancelled.contains(reserved.order) else { return }
        await shop.release(reserved.order)
        simulation.note("the stock is released, because the order was cancelled before")
    }
}

struct Inconsistent: Error, CustomStringConvertible {
    var description: String { "the order is cancelled, and its stock is still reserved" }
}

/// Places one order and looks at the shop when all is done.
func placeOrder(_ compensation: Compensation, in simulation: Simulation) throws {
    try simulation.run {
        let bus = EventBus(environment: simulation.environment)
        let shop = Shop()
        try await subscribe(bus, shop, compensation, in: simulation)
        try await bus.publish(OrderPlaced(order: "1"))
        try await bus.shutdown(deadline: .seconds(60))
        guard await shop.isConsistent else { throw Inconsistent() }
    }
}
