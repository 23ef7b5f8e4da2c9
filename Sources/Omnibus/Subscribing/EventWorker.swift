// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// Hands the events of an in-memory queue to a handler that wants nothing but the event.
///
/// Design note: this is the hot path. Entries are taken in batches, events are moved out of the queue's own column, and
/// no message, delivery or handle exists unless the handler throws. One object serves all tasks of a subscription: what
/// each of them held itself would be its memory while it sleeps.
final class EventWorker<E: Event>: Sendable {
    let lane: Lane
    let settler: EntrySettler
    private let member: SubscriptionID
    private let activities: ActivityRecorder
    /// Whether what lies in the queue's column is the handler's, and to be handed to it at once.
    private let isOwnType: Bool
    let codec: any PayloadCodec
    let compression: CompressionSettings
    let source: String
    /// The bus that the subscription was made on.
    let owner: ObjectIdentifier
    /// Whether nobody else takes from this queue, so that a large batch keeps nobody waiting.
    let isAlone: Bool
    /// Whether it may take more than it begins; others may take that from it.
    let takesAhead: Bool
    let handler: @Sendable (E) async throws -> Void
    /// Calls the handler for event after event, in code that knows the handler.
    let handleAll: @Sendable (EventBatch) async -> Void

    init(
        lane: Lane,
        settler: EntrySettler,
        codec: any PayloadCodec,
        compression: CompressionSettings,
        source: String,
        owner: ObjectIdentifier,
        isAlone: Bool,
        takesAhead: Bool,
        handler: @escaping @Sendable (E) async throws -> Void,
        handleAll: @escaping @Sendable (EventBatch) async -> Void
    ) {
        self.lane = lane
        self.settler = settler
        self.member = settler.subscription.id
        self.activities = settler.activities
        self.isOwnType = lane.layout.typeID == ObjectIdentifier(E.self) && !lane.settings.hasGates
        self.codec = codec
        self.compression = compression
        self.source = source
        self.owner = owner
        self.isAlone = isAlone
        self.takesAhead = takesAhead
        self.handler = handler
        self.handleAll = handleAll
    }

    /// Works until the subscription has ended.
    ///
    /// It is concurrent, and so are the steps below, so that no executor has to be restored after each handler.
    @concurrent
    func run() async {
        let batch = EventBatch(
            WorkerState(lane: self.lane, isAlone: self.isAlone, takesAhead: self.takesAhead),
            self.codec
        ) { entry, error in
            self.settler.failed(entry, error)
        }
        var goesOn = true
        while goesOn {
            let scope = DeliveryScope(source: self.source, lane: self.lane, owner: self.owner)
            goesOn = await DeliveryScope.$binding.withValue(DeliveryScope.Binding(scope)) {
                await self.work(batch, scope)
            }
            // Whoever the last handler has started and left behind sees no further messages.
            scope.expire()
        }
    }

    /// Works with one scope; returns false when the subscription has ended, true when a new scope is needed.
    @concurrent
    private func work(_ batch: EventBatch, _ scope: DeliveryScope) async -> Bool {
        batch.enter(scope)
        defer { batch.leaveScope() }
        let buffer = batch.state.buffer
        var isShort = self.isOwnType && !self.activities.isOn
        while true {
            if buffer.isEmpty {
                guard await batch.state.next(self.member) else { return false }
                // Once for each batch: whoever begins to watch has the batches given back.
                isShort = self.isOwnType && !self.activities.isOn
            }
            while !buffer.isEmpty {
                if batch.state.mustGiveBack { break }
                if isShort, buffer.first.pointee.isPlain {
                    await self.handleAll(batch)
                } else {
                    await self.handleFirst(of: buffer, scope)
                }
                if batch.isScopeHeld { return true }
            }
        }
    }

    /// Handles a message that is not in the queue's own column, has a time to live, or is watched.
    ///
    /// It takes the message itself: what the caller held of it would be memory of the task, whatever it handles.
    @inline(never)
    private func handleFirst(of buffer: EntryBuffer, _ scope: DeliveryScope) async {
        let entry = buffer.takeFirst(self.lane.defaults)
        if let expiry = entry.message.expiresAt, expiry <= self.lane.clock.now {
            return self.settler.settle(entry, .deadLetter(.expired, nil))
        }
        scope.enter(entry.message)
        let event: E
        do {
            event = try self.compression.decode(entry.message, codec: self.codec)
        } catch {
            return self.settler.refuse(entry, error)
        }
        // Decoding may have taken its time: once cancelled, no handler starts.
        guard self.lane.hasMember(self.settler.subscription.id) else { return self.settler.settle(entry, .release) }
        self.settler.activities.delivered(
            entry.message,
            attempt: entry.attempts + 1,
            to: self.settler.subscription
        )
        do {
            try await self.handler(event)
            self.settler.settle(entry, .ack)
        } catch {
            self.settler.failed(entry, error)
        }
    }
}
