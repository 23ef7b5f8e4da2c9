// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The messages of one subscription, one after the other.
///
/// Each call of `next` acknowledges what the call before returned, unless that was settled by hand; leaving the loop,
/// or cancelling its task, gives back the one in hand without counting an attempt. The subscription ends with
/// `cancel()`, with the bus, and when neither the sequence nor an iterator of it is left.
public struct Deliveries: AsyncSequence, Sendable {
    /// What the sequence hands out: deliveries.
    public typealias Element = Delivery

    /// The only error that the sequence throws.
    public typealias Failure = OmnibusError

    /// What the sequence and its iterators share.
    package final class Source: Sendable {
        package let subscription: any ProviderSubscription
        let acknowledging: AckPolicy
        let prepare: @Sendable (Delivery) -> Delivery
        let whenUnused: @Sendable () -> Void
        /// How many iterators there are.
        private let iterators = Atomic<Int>(0)
        /// The task that asked last, by its identity.
        private let reader = Atomic<Int>(0)
        /// How many calls wait for a message or the end.
        private let waiting = Atomic<Int>(0)
        /// Whether somebody has read the end, or called for it.
        private let hasEnded = Atomic<Bool>(false)

        package init(
            _ subscription: any ProviderSubscription,
            acknowledging: AckPolicy,
            prepare: @escaping @Sendable (Delivery) -> Delivery,
            whenUnused: @escaping @Sendable () -> Void
        ) {
            self.subscription = subscription
            self.acknowledging = acknowledging
            self.prepare = prepare
            self.whenUnused = whenUnused
        }

        deinit {
            self.whenUnused()
        }

        /// Whether another task could be asking for messages, or be handling one.
        ///
        /// What a task says after a loop, it says when it has left the loop: the message in hand will not be
        /// acknowledged by asking for the next one, even where the iterator lives on, as it does at the top level of a
        /// program.
        package func isRead(byOtherThan task: Int) -> Bool {
            self.iterators.load(ordering: .acquiring) > 0 && self.reader.load(ordering: .acquiring) != task
        }

        /// The identity of the calling task; 0 outside any.
        package static var currentTask: Int { withUnsafeCurrentTask { $0?.hashValue ?? 0 } }

        /// Whether nobody has read the end, called for it, or is about to read it.
        package var isOpen: Bool {
            self.waiting.load(ordering: .acquiring) == 0 && !self.hasEnded.load(ordering: .acquiring)
        }

        func end() { self.hasEnded.store(true, ordering: .releasing) }

        /// Waits for the next message.
        func receive() async throws(OmnibusError) -> Delivery? {
            self.waiting.wrappingAdd(1, ordering: .acquiringAndReleasing)
            defer { self.waiting.wrappingSubtract(1, ordering: .acquiringAndReleasing) }
            let delivery = try await self.subscription.receive(upTo: 1).first
            if delivery == nil { self.end() }
            return delivery
        }

        func isAsked() { self.reader.store(Self.currentTask, ordering: .releasing) }

        func iteratorBegins() { self.iterators.wrappingAdd(1, ordering: .acquiringAndReleasing) }
        func iteratorEnds() { self.iterators.wrappingSubtract(1, ordering: .acquiringAndReleasing) }
    }

    package let source: Source

    package init(source: Source) {
        self.source = source
    }

    /// Creates a sequence over a subscription, for those who write a provider.
    ///
    /// - Parameter whenUnused: called once when neither the sequence nor an iterator of it is left; end the
    ///   subscription.
    public init(
        _ subscription: any ProviderSubscription,
        acknowledging: AckPolicy = .onNext,
        whenUnused: @escaping @Sendable () -> Void = {}
    ) {
        self.init(
            source: Source(subscription, acknowledging: acknowledging, prepare: { $0 }, whenUnused: whenUnused)
        )
    }

    /// Ends the subscription; a loop over the sequence ends after the message in hand.
    public func cancel() async {
        self.source.end()
        await self.source.subscription.cancel()
    }

    /// Makes an iterator; it gives back the delivery in hand when it goes.
    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(holder: Holder(self.source))
    }

    /// Hands out the messages of a ``Deliveries``.
    public struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let holder: Holder

        /// Returns the next message; nil when the subscription has ended.
        ///
        /// - Throws: ``OmnibusError`` with the code `cancelled` when the calling task is cancelled while it waits.
        public mutating func next() async throws(OmnibusError) -> Delivery? {
            try await self.next(isolation: #isolation)
        }

        /// Returns the next message, on the caller's actor.
        public mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(OmnibusError) -> Delivery? {
            self.holder.source.isAsked()
            self.holder.settleCurrent(handled: true)
            guard let delivery = try await self.holder.source.receive() else { return nil }
            return self.holder.take(self.holder.source.prepare(delivery))
        }
    }

    /// What an iterator holds, so that it is given back when the iterator goes.
    fileprivate final class Holder: Sendable {
        let source: Source
        private let current = Mutex<Delivery?>(nil)

        init(_ source: Source) {
            self.source = source
            source.iteratorBegins()
        }

        deinit {
            self.settleCurrent(handled: false)
            self.source.iteratorEnds()
        }

        func take(_ delivery: Delivery) -> Delivery {
            if self.source.acknowledging == .onReceipt {
                try? delivery.settler.settle([Settlement(delivery.token, .ack)])
            } else {
                self.current.withLock { $0 = delivery }
            }
            return delivery
        }

        /// Settles the message in hand; one that was settled explicitly is left alone, being stale.
        func settleCurrent(handled: Bool) {
            let delivery = self.current.withLock { current in
                defer { current = nil }
                return current
            }
            guard let delivery, self.source.acknowledging == .onNext else { return }
            try? delivery.settler.settle([Settlement(delivery.token, handled ? .ack : .release)])
        }
    }
}

/// When a delivery is acknowledged.
public enum AckPolicy: Sendable, Hashable {
    /// When the handler returns; what it throws goes to the failure policy. For handlers, the default.
    case onReturn
    /// When the next message is asked for. For sequences, the default.
    case onNext
    /// Before the handler, or the loop's body, gets it: it comes once at most.
    case onReceipt
    /// When the handler, or the loop's body, says so.
    case manual
}
