// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

extension EventBus {
    /// Publishes events of one type in order, and reports on each of them.
    ///
    /// Where one queue wants them, and they lie one behind the other in memory as in an array, they are handed over many at
    /// a time.
    ///
    /// - Throws: ``OmnibusError`` with the code `busClosed`. What concerns single events is in the result.
    @inlinable
    @discardableResult
    public func publish<E: Event>(batch: some Collection<E> & Sendable) async throws -> BatchPublishResult {
        var run = try self.beginBatch(of: batch.count)
        var rest = batch[...]
        while !rest.isEmpty {
            let taken = rest.withContiguousStorageIfAvailable { self.offerDirectly(run: $0, &run) } ?? 0
            rest = rest.dropFirst(taken)
            guard let event = rest.first else { break }
            await self.publish(event, in: &run)
            rest = rest.dropFirst()
        }
        return run.result
    }

    /// Publishes events of several types in order, and reports on each of them.
    ///
    /// - Throws: ``OmnibusError`` with the code `busClosed`. What concerns single events is in the result.
    @discardableResult
    public func publish(batch: [any Event]) async throws -> BatchPublishResult {
        try await self.publishAll(batch) { try await self.publish($0) }
    }

    /// Publishes messages in order, and reports on each of them.
    ///
    /// - Throws: ``OmnibusError`` with the code `busClosed`. What concerns single messages is in the result.
    @discardableResult
    public func publish(batch: [Message]) async throws -> BatchPublishResult {
        try await self.publishAll(batch) { try await self.publish($0) }
    }

    // MARK: Steps

    @usableFromInline
    func beginBatch(of count: Int) throws -> BatchRun {
        try self.checkOpen(DeliveryScope.active)
        self.publisherCounts.batch()
        return BatchRun(count: count)
    }

    /// Offers the first of some events to the in-memory broker, many at a time; returns how many it has taken.
    ///
    /// Inlined into the user's module, so that what it asks the events is known there.
    @inlinable
    func offerDirectly<E: Event>(run events: UnsafeBufferPointer<E>, _ run: inout BatchRun) -> Int {
        var taken = 0
        while taken < events.count {
            let part = UnsafeBufferPointer(rebasing: events[taken...].prefix(BatchRun.partSize))
            let count = withUnsafeTemporaryAllocation(of: ValueFacts.self, capacity: part.count) { facts in
                let topic = part[0].eventTopic
                var known = 0
                // What a user's event computes runs here, where no lock is held.
                while known < part.count, part[known].eventTopic == topic {
                    let event = part[known]
                    facts.initializeElement(
                        at: known,
                        to: ValueFacts(key: event.eventKey ?? event.eventSubject, size: event.estimatedSize)
                    )
                    known += 1
                }
                defer { facts[..<known].deinitialize() }
                return self.offerDirectly(
                    UnsafeRawPointer(part.baseAddress),
                    UnsafeBufferPointer(rebasing: facts[..<known]),
                    of: ObjectIdentifier(E.self),
                    topic: topic,
                    priority: E.priority,
                    &run
                )
            }
            taken += count
            if count < part.count { break }
        }
        return taken
    }

    @usableFromInline
    func offerDirectly(
        _ values: UnsafeRawPointer?,
        _ facts: UnsafeBufferPointer<ValueFacts>,
        of typeID: ObjectIdentifier,
        topic: Topic,
        priority: Priority,
        _ run: inout BatchRun
    ) -> Int {
        let scope = DeliveryScope.active
        guard let values, let memory = self.direct, self.isOpen(scope) else { return 0 }
        return memory._withUnsafeGuaranteedRef {
            $0.offerDirectly(
                run: values,
                facts,
                of: typeID,
                topic: topic,
                priority: priority,
                origin: self.origin,
                cause: self.cause(scope),
                ids: &run.ids
            )
        }
    }

    /// Publishes one event of a batch, on whatever way.
    @usableFromInline
    func publish<E: Event>(_ event: E, in run: inout BatchRun) async {
        do {
            run.add(.accepted(try await self.publish(event)))
        } catch {
            run.add(.refused(Self.refused(by: error)))
        }
    }

    func publishAll<Element>(
        _ batch: some Collection<Element>,
        _ publish: (Element) async throws -> PublishReceipt
    ) async throws -> BatchPublishResult {
        try self.checkOpen(DeliveryScope.active)
        self.publisherCounts.batch()
        var outcomes: [BatchPublishResult.Outcome] = []
        outcomes.reserveCapacity(batch.count)
        for element in batch {
            do {
                outcomes.append(.accepted(try await publish(element)))
            } catch {
                outcomes.append(.refused(Self.refused(by: error)))
            }
        }
        return BatchPublishResult(outcomes)
    }
}
