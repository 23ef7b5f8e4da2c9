// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus

struct OrderPlaced: Event {
    static let topic: Topic = "shop.order.placed"
    var number: Int
}

struct OutOfStock: Error {}

/// Code that publishes is handed a registry, and finds the bus in it once there is one.
struct Shop: Sendable {
    let registry: BusRegistry

    func order(_ number: Int) async throws {
        try await self.registry.bus().publish(OrderPlaced(number: number))
    }
}

let registry = BusRegistry()
let shop = Shop(registry: registry)
do {
    try await shop.order(0)
} catch let error as OmnibusError {
    print("too early: \(error.code)")
}

// A logger of one's own takes one function; `JSONLinesLog()` writes to the standard error.
struct PlainLog: EventBusLogEmitter {
    func emit(_ level: LogLevel, _ message: String, _ data: JSONObject) {
        let topic = data["topic"]?.stringValue.map { " on '\($0)'" } ?? ""
        print("[\(level.name)] \(data["kind"]?.stringValue ?? message)\(topic)")
    }
}

let service = BusService(registry: registry, log: PlainLog()) { bus in
    try await bus.subscribe(to: OrderPlaced.self, group: "stock", with: HandlerSettings(failurePolicy: .noRetry)) {
        order in if order.number == 2 { throw OutOfStock() }
    }
}
try await service.start()
for number in 1...3 { try await shop.order(number) }
try await service.bus.settled()

// What does not go on is named, with the place that subscribed and since when.
let paused = try await service.bus.subscribe(to: "shop.#") { _ in }
try await paused.pause()
let health = await service.health()
print("health: \(health.status.rawValue), \(health.findings.map(\.kind.rawValue).joined())")
try await paused.resume()

let metrics = try await service.metrics().bus
print("published \(metrics.published), handled \(metrics.queues.acknowledged), given up \(metrics.queues.deadLettered)")

// In a group of services, `run()` does both: it starts, and stops when its task is cancelled.
try await service.stop()
do {
    try await shop.order(4)
} catch let error as OmnibusError {
    print("too late: \(error.code)")
}
