// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

extension EventBus {
    /// Publishes events of one type in order, and reports on each of them.
    ///
    /// - Throws: ``OmnibusError`` with the code `busClosed`. What concerns single events is in the result.
    @discardableResult
    public func publish<E: Event>(batch: some Collection<E> & Sendable) async throws -> BatchPublishResult {
        try await self.publishAll(batch) { try await self.publish($0) }
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
            } catch let error as OmnibusError {
                outcomes.append(.refused(error))
            } catch {
                outcomes.append(
                    .refused(OmnibusError(.invalidMessage, "A publish middleware has refused it.", cause: error))
                )
            }
        }
        return BatchPublishResult(outcomes)
    }
}
