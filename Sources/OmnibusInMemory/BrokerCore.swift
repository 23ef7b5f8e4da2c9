// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

package import OmnibusCore
import Synchronization

/// What publishers and workers of an ``InMemoryBroker`` touch: everything that does not wait for the actor.
///
/// Locks are taken in one order: a stripe's, then the table's, then a queue's, then that of the histories; none is held
/// while foreign code runs.
package final class BrokerCore: Sendable {
    package let environment: BusEnvironment
    package let limits: InMemoryBroker.Limits
    /// Whether the environment's clock is the machine's own, which can be read without the object.
    let hasSystemClock: Bool
    /// Moves on with every change of the table, so that cached routes are noticed to be old.
    let generation = Atomic<UInt64>(1)
    let table = Mutex(Routing())
    let stripes: [PublishStripe]
    /// The same stripes, to be found without counting references.
    private let stripeTable: StripeTable
    package let deadLetters: DeadLetterStore
    /// The window of topics that have none of their own.
    let deduplication: DeduplicationStore?
    /// What waits for its time.
    package let scheduler: MessageScheduler
    /// The histories of log topics, and who reads them.
    package let logs: LogStore
    /// Where it is said what nobody's call has failed of.
    package let signals = SignalHub()
    /// Which queues are held back, because their handlers have filled others.
    let pressure = BackPressure()
    /// Where notices of dead letters are published.
    package let deadLetterTopic: DeadLetterTopic

    /// The uptime from which on it counts.
    let birth: Duration

    package init(
        environment: BusEnvironment,
        limits: InMemoryBroker.Limits,
        deadLetterTopic: DeadLetterTopic = .perTopic
    ) {
        self.environment = environment
        self.limits = limits
        self.hasSystemClock = environment.clock is SystemClock
        self.stripes = (0..<StripeTable.count).map { _ in PublishStripe(seed: environment.random.next()) }
        self.stripeTable = StripeTable(self.stripes)
        self.deduplication = limits.deduplication.map { DeduplicationStore(window: $0, clock: environment.clock) }
        self.scheduler = MessageScheduler(clock: environment.clock, limits: limits)
        self.deadLetters = DeadLetterStore(limit: limits.deadLetters, byteLimit: limits.deadLetterBytes)
        self.deadLetterTopic = deadLetterTopic
        self.logs = LogStore(clock: environment.clock)
        self.birth = environment.clock.uptime()
    }

    /// The stripe of the calling thread, which the broker keeps alive.
    @inline(__always)
    var stripe: Unmanaged<PublishStripe> { self.stripeTable.current }

    /// Changes the table, and makes every cached route old.
    func change<Result: Sendable, Failure: Error>(
        _ body: (inout sending Routing) throws(Failure) -> sending Result
    ) throws(Failure) -> Result {
        let result = try self.table.withLock(body)
        self.generation.wrappingAdd(1, ordering: .acquiringAndReleasing)
        return result
    }

    func resolve(_ topic: Topic) -> Route {
        // Read before the table: a route made from a newer table is then merely asked for once more.
        let generation = self.generation.load(ordering: .acquiring)
        return self.table.withLock {
            $0.route(
                for: topic,
                generation: generation,
                maximumMessageSize: self.limits.maximumMessageSize,
                deduplication: self.deduplication
            )
        }
    }

    /// Registers the source of a publisher, whose messages then need not carry it.
    package func register(source: String) -> UInt16 {
        var fields = MessageFields()
        fields.source = source
        let extras = MessageExtras(fields)
        return self.table.withLock { table in
            // Beyond this many buses on one broker, sources are no longer told apart where no message was made.
            guard table.origins.count <= Int(UInt16.max) else { return 0 }
            table.origins.append(extras)
            return UInt16(table.origins.count - 1)
        }
    }

    func extras(of origin: UInt16) -> MessageExtras? {
        self.table.withLock { $0.origins[Int(origin)] }
    }

    /// How many queues listen to this very topic, and which they are.
    package func responders(on topic: Topic) -> (count: Int, lanes: [Lane]) {
        let route = self.resolve(topic)
        return (route.directCount, route.lanes.filter { $0.pattern.isLiteral })
    }
}
