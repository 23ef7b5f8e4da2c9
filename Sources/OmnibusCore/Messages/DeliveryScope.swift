// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

package import CloudEvents
import Synchronization

/// What a handler's task knows about the message that it handles, so that what it publishes names its cause.
///
/// Design note: binding a task-local value for each message would cost as much as handing the message over. So a worker
/// binds one scope for many messages and tells it about each of them. A task that the handler starts inherits the
/// scope, and must not see the next message's cause in it: when somebody else still holds the scope after the handler
/// has returned, the worker lets it expire and binds a new one.
package final class DeliveryScope: @unchecked Sendable {
    // SAFETY: the stored properties are written only by the worker, between two handlers, while nobody else holds the
    // scope; a handler and its child tasks only read them. Leaned on by "Causes" in the bus's tests.

    /// What a task is bound to.
    ///
    /// Design note: not the optional itself. It is read for every message, by code that does not know the type; copying
    /// an optional of any type takes that 50 instructions, copying a type of one's own as many as it needs.
    package struct Binding: Sendable {
        package let scope: DeliveryScope?

        package init(_ scope: DeliveryScope?) { self.scope = scope }
    }

    @TaskLocal package static var binding = Binding(nil)

    /// The scope that the current task is bound to, even where its handler has returned.
    private static var current: DeliveryScope? { self.binding.scope }

    /// The scope of the handler that the current task runs in, or was started by, while that handler runs.
    package static var active: DeliveryScope? { self.active(in: self.$binding) }

    /// The same for those who keep the task-local at hand, which finding costs as much as reading it.
    @inline(__always)
    package static func active(in bindings: TaskLocal<Binding>) -> DeliveryScope? {
        guard let scope = bindings.get().scope, !scope.isExpiredForAll else { return nil }
        return scope
    }

    private var isExpiredForAll: Bool { self.isExpired.load(ordering: .acquiring) }

    /// The message's id, and its rare fields; the message itself where it exists.
    @exclusivity(unchecked) private var idHigh: UInt64 = 0
    @exclusivity(unchecked) private var idLow: UInt64 = 0
    @exclusivity(unchecked) private var extras: MessageExtras?
    @exclusivity(unchecked) private var message: Message?
    /// Whether there are any: asking them would count a reference.
    @exclusivity(unchecked) private var hasExtras = false
    /// Whether there is a message: asking itself would copy it.
    @exclusivity(unchecked) private var hasMessage = false
    /// The queue that the message came from.
    package let lane: Lane?

    private let isExpired = Atomic<Bool>(false)
    private let source: String
    /// The bus whose handlers run in the scope.
    package let owner: ObjectIdentifier?
    /// How many requests are being handled in their requesters' places around this one.
    package let depth: Int
    /// What the messages that this handler publishes have in common, made when the first one is published.
    private let inherited = Mutex<RareEntry?>(nil)
    private let mayHaveInherited = Atomic<Bool>(false)

    /// Creates a scope for messages of one worker.
    ///
    /// - Parameters:
    ///   - source: where the messages that handlers publish come from.
    ///   - depth: how many handlers of requests run on this thread already, each waiting for the next one.
    package init(source: String, lane: Lane?, owner: ObjectIdentifier?, depth: Int = 0) {
        self.depth = depth
        self.source = source
        self.lane = lane
        self.owner = owner
    }

    /// Enters the handling of an event that no message was made of.
    @inline(__always)
    package func enter(idHigh: UInt64, idLow: UInt64, _ rare: RareEntry?) {
        self.idHigh = idHigh
        self.idLow = idLow
        if rare != nil || self.hasExtras { self.takeExtras(rare) }
        if self.hasMessage { self.forgetMessage() }
        self.forget()
    }

    @inline(never)
    private func takeExtras(_ rare: RareEntry?) {
        self.extras = rare?.extras
        self.hasExtras = self.extras != nil
    }

    /// Enters the handling of a message.
    package func enter(_ message: Message) {
        self.message = message
        self.hasMessage = true
        self.forget()
    }

    @inline(never)
    private func forgetMessage() {
        self.message = nil
        self.hasMessage = false
    }

    @inline(__always)
    private func forget() {
        guard self.mayHaveInherited.load(ordering: .relaxed) else { return }
        self.mayHaveInherited.store(false, ordering: .relaxed)
        self.inherited.withLock { $0 = nil }
    }

    /// How many references to the scope there are; more than when the worker bound it means that a task inherited it.
    package var holderCount: UInt {
        @inline(never) get { _getRetainCount(self) }
    }

    /// The id of the message that the current task's worker handles; the smallest id outside of handlers.
    package static var messageID: MessageID {
        guard let scope = self.current else { return MessageID(high: 0, low: 0) }
        return scope.message?.id ?? MessageID(high: scope.idHigh, low: scope.idLow)
    }

    /// When the message was accepted that the current task's worker handles; nil outside of handlers.
    package static var acceptedAt: Timestamp? {
        guard let scope = self.current else { return nil }
        return scope.message?.acceptedAt ?? self.messageID.createdAt
    }

    /// Ends the scope for whoever still holds it.
    package func expire() {
        self.isExpired.store(true, ordering: .releasing)
    }

    /// The message that is handled, as the cause of others.
    private var cause: Message {
        if let message = self.message { return message }
        return Message(
            topic: Topic(unchecked: ""),
            key: nil,
            payload: .empty,
            id: MessageID(high: self.idHigh, low: self.idLow),
            acceptedAt: nil,
            priority: .normal,
            extras: self.extras
        )
    }

    /// The rare fields of messages that this handler publishes on a bus of a source.
    package func rareEntry(source: String) -> RareEntry {
        if source == self.source { return self.rareEntry }
        return RareEntry(extras: MessageExtras(self.cause.fieldsOfEffects(source: source)))
    }

    /// The rare fields of every message that this handler publishes: cause, correlation, trace and source.
    package var rareEntry: RareEntry {
        self.inherited.withLock { inherited in
            if let inherited { return inherited }
            let entry = RareEntry(extras: MessageExtras(self.cause.fieldsOfEffects(source: self.source)))
            inherited = entry
            self.mayHaveInherited.store(true, ordering: .relaxed)
            return entry
        }
    }
}

extension Message {
    /// The rare fields that a message caused by this one has.
    package func fieldsOfEffects(source: String) -> MessageFields {
        var fields = MessageFields()
        fields.causationID = self.id
        fields.correlationID = self.correlationID
        fields.traceContext = self.traceContext.child(spanID: self.handlingSpanID)
        fields.source = source
        return fields
    }

    /// Fills in what is not set from the message that caused this one.
    package mutating func inherit(from cause: MessageExtras) {
        let fields = cause.fields
        if self.extras == nil {
            self.extras = cause
            return
        }
        if self.causationID == nil { self.causationID = fields.causationID }
        if self.storedCorrelationID == nil, let id = fields.correlationID { self.correlationID = id }
        if self.storedTraceContext == nil { self.storedTraceContext = fields.traceContext }
        if self.source == nil { self.source = fields.source }
    }
}
