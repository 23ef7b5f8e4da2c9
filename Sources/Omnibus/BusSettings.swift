// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// What a bus does unless a call says otherwise.
public struct BusSettings: Sendable {
    /// Where messages come from that do not say so.
    public var source: String
    /// How typed payloads become bytes.
    public var codec: any PayloadCodec
    /// What compresses and decompresses payloads; nothing unless it is given codecs.
    public var compression: CompressionSettings
    /// What happens when a handler throws.
    public var failurePolicy: FailurePolicy
    /// How long a handler may take for one attempt; nil is as long as it likes.
    ///
    /// It has to be positive. What is longer than a hundred years counts as that.
    public var handlerTimeout: Duration?
    /// How much may wait for a subscription or its group.
    public var bounds: QueueBounds
    /// What happens to a publish that finds a queue full.
    public var overflow: OverflowPolicy
    /// How much may be enqueued and not accepted yet, by count and by bytes; by handlers, the same again.
    public var enqueueBounds: QueueBounds
    /// Functions around every publish, the first one outermost.
    public var publishMiddleware: [PublishMiddleware]
    /// Functions around every attempt at handling, the first one outermost.
    public var handleMiddleware: [HandleMiddleware]
    /// What is measured, and how much of it is told apart.
    public var metrics: MetricsSettings

    /// Whether a line is printed for each publish, delivery and settlement, to standard error.
    ///
    /// The lines begin with `EVENT_EMITTED`, `EVENT_DELIVERED`, `EVENT_ACKNOWLEDGED` and so on (``Activity``). By default
    /// the environment variable `OMNIBUS_DEBUG_EVENTS` decides: `true` or `1` turns it on.
    public var debugEvents: Bool
    /// How many published messages the bus remembers, without their payloads, for ``EventBus/causes(of:)``; the newest.
    ///
    /// With any, publishing takes a longer way; zero costs nothing.
    public var rememberedMessages: Int

    /// Creates settings; those left out are the defaults.
    public init(
        source: String? = nil,
        codec: any PayloadCodec = JSONCodec(),
        compression: CompressionSettings = CompressionSettings(),
        failurePolicy: FailurePolicy = FailurePolicy(),
        handlerTimeout: Duration? = nil,
        bounds: QueueBounds = QueueBounds(),
        overflow: OverflowPolicy = .suspend(),
        publishMiddleware: [PublishMiddleware] = [],
        handleMiddleware: [HandleMiddleware] = [],
        metrics: MetricsSettings = MetricsSettings(),
        debugEvents: Bool? = nil,
        rememberedMessages: Int = 0,
        enqueueBounds: QueueBounds = QueueBounds()
    ) {
        self.source = source ?? Self.processSource
        self.codec = codec
        self.compression = compression
        self.failurePolicy = failurePolicy
        self.handlerTimeout = handlerTimeout
        self.bounds = bounds
        self.overflow = overflow
        self.enqueueBounds = enqueueBounds
        self.publishMiddleware = publishMiddleware
        self.handleMiddleware = handleMiddleware
        self.metrics = metrics
        self.debugEvents = debugEvents ?? DebugLines.isWanted
        self.rememberedMessages = rememberedMessages
    }

    func validateHandlerTimeout() throws(OmnibusError) {
        guard let timeout = self.handlerTimeout, timeout <= .zero else { return }
        throw OmnibusError(
            .invalidSettings,
            "The bus's 'handlerTimeout' is \(timeout); it must be positive, or left out for no limit."
        )
    }

    /// `omnibus/` and the name of the process.
    private static let processSource: String = {
        let path = CommandLine.arguments.first ?? "process"
        return "omnibus/\(path.split(separator: "/").last.map(String.init) ?? "process")"
    }()
}

/// What one subscription of a bus does differently from the bus's own settings.
public struct HandlerSettings: Sendable {
    /// How many messages are handled at once, from 1 to 100,000; any other number is refused.
    public var concurrency: Int
    /// When a delivery is acknowledged; nil is `.onReturn` for handlers and `.onNext` for sequences.
    public var acknowledging: AckPolicy?
    /// How long a delivery with `.manual` may stay unsettled before it is taken back; nil is for ever.
    ///
    /// It has to be positive, and is refused without `.manual`. What is longer than a hundred years counts as that.
    public var ackDeadline: Duration?
    /// How long the handler may take for one attempt; nil is the bus's `handlerTimeout`.
    ///
    /// When the time is over the handler is cancelled and the attempt has failed, with the code `timeout`, even if the
    /// handler returns later; settling the delivery by hand throws `leaseLost` from then on. One that ignores its
    /// cancellation keeps its worker, and the key of its message, until it returns; `bus.stuckHandlers` lists it.
    /// Middleware is not limited and sees the error. It has to be positive. What is longer than a hundred years counts as
    /// that.
    public var timeout: Duration?
    /// What happens when the handler throws; nil is the bus's policy.
    public var failurePolicy: FailurePolicy?
    /// How much may wait; nil is the bus's bounds.
    public var bounds: QueueBounds?
    /// What happens to a publish that finds the queue full; nil is the bus's policy.
    public var overflow: OverflowPolicy?
    /// Which messages are wanted; nil is all. Members of one group use predicates of one name.
    ///
    /// What is not wanted takes no room in the queue.
    public var predicate: MessagePredicate?
    /// How many messages are handled at most in a span of time, by all members of the group together; nil is no limit.
    public var throttle: Throttle?
    /// When handling stops for a while because it keeps failing, for all members of the group; nil is never.
    public var circuitBreaker: CircuitBreaker?
    /// What is handled one at a time and in order.
    public var ordering: Ordering
    /// How far the members of a group, in whatever processes, must keep messages of one key apart.
    ///
    /// Subscribing to a group throws `unsupported` where the provider does less; ask for less if that will do.
    public var keyExclusivity: KeyExclusivity

    /// Creates settings; those left out are the bus's.
    public init(
        concurrency: Int = 1,
        acknowledging: AckPolicy? = nil,
        ackDeadline: Duration? = nil,
        timeout: Duration? = nil,
        failurePolicy: FailurePolicy? = nil,
        bounds: QueueBounds? = nil,
        overflow: OverflowPolicy? = nil,
        predicate: MessagePredicate? = nil,
        throttle: Throttle? = nil,
        circuitBreaker: CircuitBreaker? = nil,
        ordering: Ordering = .key,
        keyExclusivity: KeyExclusivity = .byStableAssignment
    ) {
        self.concurrency = concurrency
        self.acknowledging = acknowledging
        self.ackDeadline = ackDeadline
        self.timeout = timeout
        self.failurePolicy = failurePolicy
        self.bounds = bounds
        self.overflow = overflow
        self.predicate = predicate
        self.throttle = throttle
        self.circuitBreaker = circuitBreaker
        self.ordering = ordering
        self.keyExclusivity = keyExclusivity
    }

    func validate() throws(OmnibusError) {
        guard self.concurrency >= 1, self.concurrency <= 100_000 else {
            throw OmnibusError(
                .invalidSettings,
                "'concurrency' is \(self.concurrency); it must be from 1 to 100000 handlers at once."
            )
        }
        if let timeout = self.timeout, timeout <= .zero {
            throw OmnibusError(
                .invalidSettings,
                "'timeout' is \(timeout); it must be positive, or left out for the bus's."
            )
        }
        try self.failurePolicy?.validate()
        try self.throttle?.validate()
        try self.circuitBreaker?.validate()
    }
}
