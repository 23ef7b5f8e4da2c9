// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

package import OmnibusCore
import Synchronization

/// Where messages of one topic go, as it was when the route was made.
///
/// A route never changes: when a subscription comes or goes, the broker's generation moves on, and whoever holds a
/// route of an earlier generation asks for a new one.
final class Route: Sendable {
    let topic: Topic
    let generation: UInt64
    let lanes: [Lane]
    /// The same, for those who go through them for every message: no reference is counted that the workers' threads
    /// count as well.
    private let unretainedLanes: [Unmanaged<Lane>]
    let observers: [Observer]
    /// Those who see what is accepted and do not count as listening.
    let taps: [Observer]
    /// Whether any of the queues has a predicate.
    let hasPredicates: Bool
    /// How many of the queues are of this very topic, rather than of a pattern that happens to match.
    let directCount: Int
    /// Why nothing may be published here, if so.
    let refusal: OmnibusError?
    let isSystem: Bool
    /// The next offset of each partition, for topics that were created.
    let partitions: PartitionCounters?
    /// The window in which messages that bring their own ids are recognised; nil where there is none.
    let deduplication: DeduplicationStore?
    let maximumMessageSize: Int
    /// The place of the topic's history; nil for topics that keep none, whose messages go to the queues.
    let logSlot: Int?
    /// The only one that gets messages, where nothing else is to be looked at: the shortest way.
    let onlyLane: Lane?
    /// The only one that gets messages and answers requests, where nothing else is to be looked at.
    let onlyResponder: Lane?
    /// The type of value that everybody takes as it is, where nothing else is to be looked at: no message is needed.
    let valueType: ObjectIdentifier?

    init(
        topic: Topic,
        generation: UInt64,
        lanes: [Lane],
        observers: [Observer],
        taps: [Observer],
        directCount: Int,
        refusal: OmnibusError?,
        partitions: PartitionCounters?,
        deduplication: DeduplicationStore?,
        maximumMessageSize: Int,
        logSlot: Int?
    ) {
        self.topic = topic
        self.generation = generation
        self.lanes = lanes
        self.unretainedLanes = lanes.map { .passUnretained($0) }
        self.observers = observers
        self.taps = taps
        self.directCount = directCount
        self.refusal = refusal
        self.isSystem = topic.isSystem
        self.partitions = partitions
        self.deduplication = deduplication
        self.maximumMessageSize = maximumMessageSize
        self.logSlot = logSlot
        let hasPredicates = lanes.contains { $0.settings.predicate != nil }
        self.hasPredicates = hasPredicates
        let isPlain =
            !hasPredicates && taps.isEmpty && refusal == nil && partitions == nil && logSlot == nil && !topic.isSystem
        self.onlyResponder = isPlain && lanes.count == 1 && observers.isEmpty && directCount == 1 ? lanes[0] : nil
        let valueType = isPlain ? Self.commonType(lanes, observers) : nil
        self.valueType = valueType
        self.onlyLane = valueType != nil && lanes.count == 1 && observers.isEmpty ? lanes[0] : nil
    }

    /// Goes through the queues, which the caller keeps alive by holding the route.
    @inline(__always)
    func forEachLane(_ body: (Lane) -> Void) {
        for lane in self.unretainedLanes { lane._withUnsafeGuaranteedRef(body) }
    }

    /// The type of value that all of them take as it is; nil where somebody needs a message, or there is nobody.
    private static func commonType(_ lanes: [Lane], _ observers: [Observer]) -> ObjectIdentifier? {
        guard let type = lanes.first?.layout.typeID ?? observers.first?.valueType else { return nil }
        let isCommon =
            lanes.allSatisfy { $0.layout.typeID == type && !$0.looksAtMessages }
            && observers.allSatisfy { $0.valueType == type }
        return isCommon ? type : nil
    }

    /// The queues that want a message; the others count it as filtered. Call it with no lock held.
    func lanes(wanting message: Message) -> [Lane] {
        guard self.hasPredicates else { return self.lanes }
        return self.lanes.filter { lane in
            guard let predicate = lane.settings.predicate, !predicate.matches(message),
                !Mutation.isActive(.ignorePredicate)
            else { return true }
            lane.countFiltered()
            return false
        }
    }

    /// Shows a message that was accepted to those who want to see it.
    @inline(__always)
    func showTaps(_ message: Message) {
        if self.taps.isEmpty { return }
        for tap in self.taps { tap.see(message) }
    }

    /// How many groups and observers a message goes to.
    var matched: Int { self.lanes.count + self.observers.count }
}

/// Somebody who looks at messages while they are published, on the publisher's own thread.
package final class Observer: Sendable {
    package let id: SubscriptionID
    package let pattern: TopicPattern
    package let see: @Sendable (Message) -> Void
    /// What it is shown instead, where it is of that type.
    private let values: ValueObserver?

    package init(
        id: SubscriptionID,
        pattern: TopicPattern,
        values: ValueObserver? = nil,
        see: @escaping @Sendable (Message) -> Void
    ) {
        self.id = id
        self.pattern = pattern
        self.values = values
        self.see = see
    }

    var valueType: ObjectIdentifier? { self.values?.type }

    /// Shows it a value of its type, which the caller has made sure of.
    func see(valueAt place: UnsafeRawPointer) {
        self.values?.see(place)
    }
}

/// Somebody who looks at values of one type, without a message around them.
package struct ValueObserver: Sendable {
    let type: ObjectIdentifier
    let see: @Sendable (UnsafeRawPointer) -> Void

    package init<Value>(_ see: @escaping @Sendable (Value) -> Void) {
        self.type = ObjectIdentifier(Value.self)
        // Only a value of this very type is shown: routes compare types before they choose this way.
        self.see = { see($0.assumingMemoryBound(to: Value.self).pointee) }
    }
}

/// Counts the messages of each partition of a topic.
final class PartitionCounters: Sendable {
    private struct State {
        var next: [Int64]
        var partitioner: KafkaPartitioner
    }

    private let state: Mutex<State>
    let count: Int

    init(count: Int) {
        self.count = count
        self.state = Mutex(State(next: Array(repeating: 0, count: count), partitioner: KafkaPartitioner(count: count)))
    }

    /// Chooses the partition for a key, as Kafka's default partitioner does, and counts the message.
    func take(key: String?) -> Position {
        self.state.withLock { state in
            let partition = state.partitioner.partition(forKey: key)
            defer { state.next[partition] += 1 }
            return Position(partition: partition, offset: state.next[partition])
        }
    }
}
