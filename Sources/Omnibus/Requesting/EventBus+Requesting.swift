// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

extension EventBus {
    /// Sends a request and waits for the first answer.
    ///
    /// The answer goes straight to the waiting task, past every queue; later ones are counted and dropped.
    ///
    /// - Parameters:
    ///   - request: what is asked.
    ///   - topic: where to ask; somebody has to ``respond(to:as:group:with:file:line:handler:)`` or subscribe there.
    ///   - reply: the type of the answer.
    ///   - timeout: how long to wait. A handler that runs in this task's place, as ``respond(to:as:group:with:file:line:handler:)``
    ///     says, and computes for longer without suspending, keeps it from going on in time; the answer is refused then.
    /// - Throws: ``OmnibusError`` with the code `noResponder` at once when nobody listens on that very topic (on
    ///   providers that cannot know, the timeout is the answer), `timeout`, `requestFailed` when the responder threw,
    ///   `undecodable` when the answer is not of the type, `wouldDeadlock` when only the calling handler's own queue
    ///   could answer, `cancelled`, `busClosed`.
    @inlinable
    public func request<Request: Encodable & Sendable, Reply: Decodable & Sendable>(
        _ request: Request,
        to topic: Topic,
        as reply: Reply.Type = Reply.self,
        timeout: Duration = .seconds(30)
    ) async throws -> Reply {
        let actor: (any Actor)? = #isolation
        if actor == nil, timeout > .zero {
            let placed = TypedRequest<Request, Reply>(request, on: self)
            if try await self.handleInPlace(placed, on: topic, timeout: timeout), let reply = placed.takeReply() {
                return reply
            }
        }
        let replies = try await self.replies(to: request, on: topic, as: reply, limit: 1, timeout: timeout)
        var iterator = replies.makeAsyncIterator()
        if let first = try await iterator.next() { return first }
        throw Task.isCancelled ? Self.cancelled(on: topic) : Self.noAnswer(on: topic, within: timeout)
    }

    /// Sends a request and hands out the answers of everybody who responds.
    ///
    /// The sequence ends when all have answered whom the provider knows of, after `limit` answers, or with the timeout.
    /// An answer that is a failure, or cannot be decoded, throws where it is reached and the sequence goes on.
    ///
    /// - Throws: ``OmnibusError`` as for one answer, except that no answer in time is an empty sequence.
    public func replies<Request: Encodable & Sendable, Reply: Decodable & Sendable>(
        to request: Request,
        on topic: Topic,
        as reply: Reply.Type = Reply.self,
        limit: Int? = nil,
        timeout: Duration = .seconds(30)
    ) async throws -> Replies<Reply> {
        if let limit, limit < 1 {
            throw OmnibusError(.invalidSettings, "'limit' is \(limit); it must be positive, or left out.")
        }
        guard timeout > .zero else {
            throw OmnibusError(.invalidSettings, "'timeout' is \(timeout); it must be positive.")
        }
        let scope = DeliveryScope.active
        try self.checkOpen(scope)
        let responders = try self.checkResponders(topic, scope)
        try await self.openInbox()

        let id = self.makeID()
        let queue = ReplyQueue(limit: limit ?? responders ?? .max)
        let inbox = self.inbox
        let compression = self.settings.compression
        inbox.expect(id, on: topic) { queue.add(compression.decompress($0)) }
        let clock = self.environment.clock
        let timer = clock.schedule(at: clock.deadline(after: timeout)) { queue.end() }
        queue.whenEnded {
            inbox.forget(id)
            clock.cancel(timer)
        }
        var message = Message(topic: topic, value: request, codec: self.settings.codec)
        message.id = id
        message.replyTo = inbox.topic
        do {
            _ = try await self.publishThrough(message, scope)
        } catch {
            queue.end()
            throw error
        }
        return Replies(queue: queue, codec: self.settings.codec, topic: topic)
    }

    /// Answers requests on a topic.
    ///
    /// What the handler returns is the answer; what it throws reaches the requester as `requestFailed`, and is not
    /// tried again. With a group, one of its members answers each request.
    ///
    /// It runs in a task of the bus's. Where it has nothing else to do, the requester is on no actor, both name the same
    /// types on the same bus and nobody else sees the message, that task begins on the requester's own thread, which
    /// waits anyway. A handler that computes for milliseconds without suspending keeps its requester from noticing a
    /// timeout meanwhile; after one such request, more and more of the next ones are queued.
    ///
    /// - Throws: ``OmnibusError`` with the code `busClosed`, `invalidSettings`, `groupMismatch` or `unsupported`.
    @discardableResult
    public func respond<Request: Decodable & Sendable, Reply: Encodable & Sendable>(
        to topic: Topic,
        as request: Request.Type = Request.self,
        group: String? = nil,
        with settings: HandlerSettings = HandlerSettings(),
        file: String = #fileID,
        line: Int = #line,
        handler: @escaping @Sendable (Request) async throws -> Reply
    ) async throws -> Subscription {
        let asked = self.asked(topic, group, settings, CallSite(file: file, line: line))
        return try await self.respond(asked, RequestHandler(handler))
    }

    /// Answers requests on a topic with a handler that never suspends.
    ///
    /// It is called as a plain function, on the requester's thread and in its task where it can be. It must not block.
    ///
    /// - Throws: as for handlers that may suspend.
    @discardableResult
    public func respond<Request: Decodable & Sendable, Reply: Encodable & Sendable>(
        synchronouslyTo topic: Topic,
        as request: Request.Type = Request.self,
        group: String? = nil,
        with settings: HandlerSettings = HandlerSettings(),
        file: String = #fileID,
        line: Int = #line,
        handler: @escaping @Sendable (Request) throws -> Reply
    ) async throws -> Subscription {
        let asked = self.asked(topic, group, settings, CallSite(file: file, line: line))
        return try await self.respond(asked, RequestHandler(handler, synchronous: handler))
    }

    // MARK: Steps

    private func asked(
        _ topic: Topic,
        _ group: String?,
        _ settings: HandlerSettings,
        _ callSite: CallSite
    ) -> SubscribeRequest {
        var settings = settings
        settings.failurePolicy = settings.failurePolicy ?? .noRetry
        var asked = SubscribeRequest(TopicPattern(topic), group, nil, settings, callSite)
        asked.kind = .responder
        return asked
    }

    private func respond<Request: Decodable & Sendable, Reply: Encodable & Sendable>(
        _ asked: SubscribeRequest,
        _ handler: RequestHandler<Request, Reply>
    ) async throws -> Subscription {
        let codec = self.settings.codec
        let compression = self.settings.compression
        var asked = asked
        asked.responder = handler.responder(on: self)
        return try await self.subscribe(
            asked,
            Handling(prepare: { _ in () }) { _, delivery in
                do {
                    let value = try compression.decode(delivery.message, as: Request.self, codec: codec)
                    let reply = try await handler.handle(value)
                    try await self.answer(delivery.message, with: Payload(reply, codec: codec), failure: nil)
                } catch {
                    try await self.answer(delivery.message, with: .empty, failure: error)
                }
            }
        )
    }

    static let failureHeader = "omnibus-reply-error"

    /// Checks that somebody can answer; returns how many there are, where that is known.
    private func checkResponders(_ topic: Topic, _ scope: DeliveryScope?) throws(OmnibusError) -> Int? {
        guard let memory = self.memory else { return nil }
        let (count, lanes) = memory.responders(on: topic)
        guard count > 0 else {
            throw OmnibusError(
                .noResponder,
                "Nobody listens on '\(topic)'. Call 'respond(to:)' before the request; wildcards and taps do not count."
            )
        }
        if let asking = scope?.lane, lanes.count == 1, let lane = lanes.first, asking === lane,
            self.isSerial(lane)
        {
            throw OmnibusError(
                .wouldDeadlock,
                """
                Only the queue whose handler is asking could answer on '\(topic)', and it handles one message at a \
                time. Raise its concurrency, or ask outside the handler.
                """
            )
        }
        return count
    }

    /// Whether a queue is handled by one worker of this bus and nobody else.
    private func isSerial(_ lane: Lane) -> Bool {
        let workers = self.subscriptions.all.lazy.filter { $0.lane === lane }.map(\.workers.count).reduce(0, +)
        return lane.memberCount == 1 && workers <= 1
    }

    /// Sees to it that answers arrive.
    private func openInbox() async throws {
        guard await self.inbox.opens() else { return }
        let inbox = self.inbox
        do {
            if let memory = self.memory {
                _ = try memory.observe(TopicPattern(inbox.topic)) { inbox.deliver($0) }
            } else {
                let request = SubscribeRequest(
                    TopicPattern(inbox.topic),
                    nil,
                    nil,
                    HandlerSettings(),
                    CallSite(file: #fileID, line: #line)
                )
                _ = try await self.subscribe(
                    request,
                    Handling(prepare: { _ in () }) { _, delivery in inbox.deliver(delivery.message) }
                )
            }
            inbox.opened(true)
        } catch {
            inbox.opened(false)
            throw error
        }
    }

    /// Sends an answer to where the request wants it; a message that asks for none is left alone.
    func answer(_ request: Message, with payload: Payload, failure: (any Error)?) async throws {
        guard let replyTo = request.replyTo else {
            if let failure { throw failure }
            throw OmnibusError(
                .invalidMessage,
                """
                The message on '\(request.topic)' asks for no reply, its 'replyTo' being empty; \
                publish an event instead.
                """
            )
        }
        var reply = Message(topic: replyTo, payload: payload)
        reply.causationID = request.id
        reply.correlationID = request.correlationID
        reply.storedTraceContext = request.traceContext.child(spanID: request.handlingSpanID)
        if let failure {
            reply.headers.put(.text(HeaderRules.cleaned("\(failure)")), for: Self.failureHeader)
        }
        if replyTo == self.inbox.topic {
            self.inbox.deliver(self.completeUnchecked(reply, nil))
        } else if let memory = self.memory {
            _ = try memory.offer(
                reply,
                origin: self.origin,
                cause: nil,
                allowsSystem: replyTo.isSystem,
                mode: .handler
            )
        } else {
            _ = try await self.provider.publish(self.completeUnchecked(reply, nil))
        }
    }
}
