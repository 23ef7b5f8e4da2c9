// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// How the values of one type lie in a queue's payload column, and how a message is made of one.
///
/// Queues are not generic: a queue that is compiled once for all types is small and fast, and only the few operations
/// that touch a value go through here.
package class PayloadLayout: @unchecked Sendable {
    // SAFETY: immutable after init, here and in the subclasses.

    /// Which type it is; compared before any value is touched.
    package let typeID: ObjectIdentifier
    package let stride: Int
    package let alignment: Int
    /// The priority that the values have, so that a queue of urgent events is no slower than another.
    package let priority: Priority
    /// How many words a value has that moves as plain words; 0 for one that does not.
    private let words: Int

    /// - Parameter movesAsBytes: whether a value is moved by moving what it is made of, as nearly all are: not those
    ///   whose place others know, as that of a weak reference is known.
    package init(typeID: ObjectIdentifier, stride: Int, alignment: Int, priority: Priority, movesAsBytes: Bool) {
        self.typeID = typeID
        self.stride = stride
        self.alignment = alignment
        self.priority = priority
        let word = MemoryLayout<UInt>.size
        self.words = movesAsBytes && stride % word == 0 && alignment >= word ? stride / word : 0
    }

    /// Moves one value.
    ///
    /// Design note: the type is not known here, and what moves values of a type that is not known takes 150
    /// instructions to move the three words of a small event, on the way of every message.
    @inline(__always)
    final func moveOne(_ source: UnsafeMutableRawPointer, to target: UnsafeMutableRawPointer) {
        switch self.words {
        case 1: target.storeBytes(of: source.load(as: UInt.self), as: UInt.self)
        case 2: target.storeBytes(of: source.load(as: Two.self), as: Two.self)
        case 3: target.storeBytes(of: source.load(as: Three.self), as: Three.self)
        case 4: target.storeBytes(of: source.load(as: Four.self), as: Four.self)
        case 5...: target.copyMemory(from: source, byteCount: self.stride)
        default: self.move(source, to: target, count: 1)
        }
    }

    private typealias Two = (UInt, UInt)
    private typealias Three = (UInt, UInt, UInt)
    private typealias Four = (UInt, UInt, UInt, UInt)

    /// Moves values that lie one after the other.
    package func move(_ source: UnsafeMutableRawPointer, to target: UnsafeMutableRawPointer, count: Int) {}

    /// Copies one value.
    package func copy(_ source: UnsafeRawPointer, to target: UnsafeMutableRawPointer) {}

    /// Copies values that lie one behind the other.
    package func copy(_ source: UnsafeRawPointer, to target: UnsafeMutableRawPointer, count: Int) {}

    /// Ends the life of one value.
    package func destroy(_ value: UnsafeMutableRawPointer) {}

    /// The key that is in a value itself, by which messages are kept apart.
    package func key(of value: UnsafeRawPointer) -> String? { nil }

    /// Takes a value out of the column and makes the message of it.
    package func takeMessage(
        _ value: UnsafeMutableRawPointer,
        _ header: borrowing EntryHeader,
        key: String?,
        _ route: MessageDefaults
    )
        -> Message
    {
        Message(topic: route.topic, payload: .empty)
    }
}

/// What a queue's entries have in common, so that they need not carry it.
package struct MessageDefaults: Sendable {
    /// The topic of the entries in the payload column.
    package var topic: Topic
    /// Makes the rare fields of a message that has none from its publisher's defaults.
    package var extras: @Sendable (_ origin: UInt16) -> MessageExtras?

    package init(topic: Topic, extras: @escaping @Sendable (_ origin: UInt16) -> MessageExtras?) {
        self.topic = topic
        self.extras = extras
    }
}

/// The layout of a column of one type.
package class ValueLayout<Value: Sendable>: PayloadLayout, @unchecked Sendable {
    package init(priority: Priority) {
        super.init(
            typeID: ObjectIdentifier(Value.self),
            stride: MemoryLayout<Value>.stride,
            alignment: MemoryLayout<Value>.alignment,
            priority: priority,
            movesAsBytes: _isBitwiseTakable(Value.self)
        )
    }

    package override func move(_ source: UnsafeMutableRawPointer, to target: UnsafeMutableRawPointer, count: Int) {
        target.assumingMemoryBound(to: Value.self)
            .moveInitialize(from: source.assumingMemoryBound(to: Value.self), count: count)
    }

    package override func copy(_ source: UnsafeRawPointer, to target: UnsafeMutableRawPointer) {
        target.assumingMemoryBound(to: Value.self).initialize(to: source.assumingMemoryBound(to: Value.self).pointee)
    }

    package override func copy(_ source: UnsafeRawPointer, to target: UnsafeMutableRawPointer, count: Int) {
        target.assumingMemoryBound(to: Value.self)
            .initialize(from: source.assumingMemoryBound(to: Value.self), count: count)
    }

    package override func destroy(_ value: UnsafeMutableRawPointer) {
        value.assumingMemoryBound(to: Value.self).deinitialize(count: 1)
    }
}

/// The layout of a column of whole messages, for queues that many types go through.
package final class MessageLayout: ValueLayout<Message>, @unchecked Sendable {
    package init() {
        super.init(priority: .normal)
    }

    package override func key(of value: UnsafeRawPointer) -> String? {
        value.assumingMemoryBound(to: Message.self).pointee.routingKey
    }

    package override func takeMessage(
        _ value: UnsafeMutableRawPointer,
        _ header: borrowing EntryHeader,
        key: String?,
        _ route: MessageDefaults
    ) -> Message {
        value.assumingMemoryBound(to: Message.self).move()
    }
}
