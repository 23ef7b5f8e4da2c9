// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import Synchronization

/// One run of a scenario: the provider, the way to speak to it, and what has been done so far.
///
/// What scenarios do, they do through this, so that each is written once for both ways.
final class ConformanceRun: Sendable {
    let scenario: ProviderConformance.Scenario
    let way: ProviderConformance.Way
    let provider: any EventBusProvider
    /// The bus over the provider; nil where the provider is spoken to directly.
    let bus: EventBus?
    let time: ConformanceTime
    /// What all topics of this run begin with.
    let prefix: String

    private struct State {
        var steps: [String] = []
        var endings: [@Sendable () async -> Void] = []
    }

    private let state = Mutex(State())

    init(
        _ scenario: ProviderConformance.Scenario,
        _ way: ProviderConformance.Way,
        _ provider: any EventBusProvider,
        _ time: ConformanceTime
    ) {
        self.scenario = scenario
        self.way = way
        self.provider = provider
        self.time = time
        self.bus = way == .bus ? EventBus(provider: provider, environment: time.environment) : nil
        self.prefix = "conformance.t\(String(UInt64.random(in: .min ... .max), radix: 36))"
    }

    var capabilities: ProviderCapabilities { self.provider.capabilities }

    /// Notes what is done next.
    func step(_ text: String) {
        self.state.withLock { $0.steps.append(text) }
    }

    /// What was done, in order; the middle of a long list is left out.
    var steps: [String] {
        let steps = self.state.withLock { $0.steps }
        return steps.count <= 40 ? steps : Array(steps.prefix(10)) + ["…"] + Array(steps.suffix(29))
    }

    /// Sees to it that something is ended when the scenario is over.
    func whenOver(_ end: @escaping @Sendable () async -> Void) {
        self.state.withLock { $0.endings.append(end) }
    }

    func cancelAll() async {
        let endings = self.state.withLock { state in
            defer { state.endings = [] }
            return state.endings
        }
        for end in endings { await end() }
    }

    // MARK: Names

    /// A topic of this run.
    func topic(_ words: String) throws(OmnibusError) -> Topic {
        try Topic(validating: "\(self.prefix).\(words)")
    }

    /// A pattern of this run's topics.
    func pattern(_ words: String) throws(OmnibusError) -> TopicPattern {
        try TopicPattern(validating: "\(self.prefix).\(words)")
    }

    /// A message of this run that carries a number.
    func message(_ number: Int, to words: String, key: String? = nil) throws(OmnibusError) -> Message {
        Message(topic: try self.topic(words), key: key, payload: Payload(json: .integer(Int64(number))))
    }

    // MARK: Publishing

    @discardableResult
    func publish(_ message: Message) async throws -> PublishReceipt {
        self.step("publish \(message.number.map(String.init) ?? "a message") to '\(message.topic)'")
        if let bus = self.bus { return try await bus.publish(message) }
        return try await self.provider.publish(message)
    }

    @discardableResult
    func publish(_ number: Int, to words: String, key: String? = nil) async throws -> PublishReceipt {
        try await self.publish(try self.message(number, to: words, key: key))
    }

    func publish(_ numbers: some Sequence<Int>, to words: String, key: String? = nil) async throws {
        for number in numbers { try await self.publish(number, to: words, key: key) }
    }

    /// Publishes without suspending; true when the message was accepted, false when that would have to be waited for.
    func offer(_ message: Message) throws -> Bool {
        self.step("offer \(message.number.map(String.init) ?? "a message") to '\(message.topic)'")
        if let bus = self.bus {
            do {
                try bus.publishNow(message)
                return true
            } catch {
                guard error.code == .overflow else { throw error }
                return false
            }
        }
        switch try self.provider.offer(message) {
        case .accepted: return true
        case .wait: return false
        case .refused(let error): throw error
        }
    }

    func publish(batch: [Message]) async throws -> BatchPublishResult {
        self.step("publish a batch of \(batch.count)")
        if let bus = self.bus { return try await bus.publish(batch: batch) }
        return await self.provider.publish(batch)
    }

    // MARK: Subscribing

    /// Subscribes to a pattern of this run, to read by hand.
    func subscribe(
        _ words: String,
        _ settings: SubscriptionSettings = SubscriptionSettings(),
        acknowledging: AckPolicy = .manual
    ) async throws -> ConformanceReader {
        try await self.subscribe(to: try self.pattern(words), settings, acknowledging: acknowledging)
    }

    /// Subscribes to any pattern.
    func subscribe(
        to pattern: TopicPattern,
        _ settings: SubscriptionSettings = SubscriptionSettings(),
        acknowledging: AckPolicy = .manual
    ) async throws -> ConformanceReader {
        self.step("subscribe to '\(pattern)'\(settings.group.map { " in the group '\($0)'" } ?? "")")
        let reader: ConformanceReader
        if let bus = self.bus {
            let deliveries = try await bus.deliveries(
                of: pattern,
                group: settings.group,
                from: settings.start,
                with: settings.forHandlers(acknowledging: acknowledging)
            )
            reader = ConformanceReader(self, bus: bus, deliveries)
        } else {
            reader = ConformanceReader(self, try await self.provider.subscribe(to: pattern, settings))
        }
        self.whenOver { await reader.cancel() }
        return reader
    }

    /// Subscribes a handler; returning acknowledges, throwing has the message come again.
    @discardableResult
    func handle(
        _ words: String,
        _ settings: SubscriptionSettings = SubscriptionSettings(),
        _ handler: @escaping @Sendable (Delivery) async throws -> Void
    ) async throws -> ConformanceHandler {
        let pattern = try self.pattern(words)
        if let bus = self.bus {
            self.step("subscribe a handler to '\(pattern)'")
            let subscription = try await bus.subscribe(
                to: pattern,
                group: settings.group,
                from: settings.start,
                with: settings.forHandlers(acknowledging: .onReturn),
                handler: handler
            )
            self.whenOver { await subscription.cancel() }
            return ConformanceHandler(
                id: subscription.id,
                cancel: { await subscription.cancel() },
                pause: { try await subscription.pause() },
                resume: { try await subscription.resume() }
            )
        }
        let reader = try await self.subscribe(words, settings)
        Task {
            while let delivery = try await reader.nextOrEnd() {
                do {
                    try await handler(delivery)
                    try await delivery.ack()
                } catch {
                    try? await delivery.nack()
                }
            }
        }
        let provider = self.provider
        return ConformanceHandler(
            id: reader.id,
            cancel: { await reader.cancel() },
            pause: { try await provider.pause(reader.id) },
            resume: { try await provider.resume(reader.id) }
        )
    }

    /// Whether a subscription's queue is in the bus, because the provider lacks something that belongs to queues.
    var hostsQueue: Bool {
        guard let bus = self.bus, let plan = try? bus.plan(for: "a") else { return false }
        return plan.isHosted
    }

    /// Ends a scenario about what the provider's queue does or tells, where the queue is in the bus.
    ///
    /// What there is no room for stays at the provider then, whose publishers know nothing of it; the plan says so.
    func expectsProvidersQueue() throws {
        guard self.hostsQueue else { return }
        throw ConformanceSkip(
            "The queue is in the bus: the provider does not know it, and publishers do not wait for it."
        )
    }

    /// Ends a scenario about exactly how much waits, where some waits at the provider and a batch more in the bus.
    func expectsOneQueue() throws {
        guard self.hostsQueue, self.capabilities.has(.overflow) else { return }
        throw ConformanceSkip("The queue is in the bus, which fetches a batch more than the provider's bound.")
    }

    /// Ends a scenario about the provider's counts, where it counts what the bus fetches and not what becomes of it.
    func expectsProvidersCounts() throws {
        guard self.hostsQueue, self.capabilities.has(.metrics) else { return }
        throw ConformanceSkip("The queue is in the bus: the provider counts what the bus has fetched.")
    }

    /// Ends a scenario about what was not handled, where the provider takes what it has handed out as handled.
    func expectsAcknowledgement() throws {
        guard !self.capabilities.has(.acknowledgement) else { return }
        throw ConformanceSkip("What was handed out counts as handled: there is no 'acknowledgement'.")
    }

    /// Counts what has happened.
    func metrics() async throws -> BusMetrics {
        if let bus = self.bus { return try await bus.metrics() }
        return try await self.provider.metrics()
    }

    /// Ends a subscription by its id.
    func unsubscribe(_ id: SubscriptionID) async throws {
        self.step("unsubscribe '\(id)'")
        if let bus = self.bus { return try await bus.unsubscribe(id) }
        try await self.provider.unsubscribe(id)
    }
}

/// A handler that a scenario has subscribed.
struct ConformanceHandler: Sendable {
    let id: SubscriptionID
    let cancel: @Sendable () async -> Void
    let pause: @Sendable () async throws -> Void
    let resume: @Sendable () async throws -> Void
}

extension SubscriptionSettings {
    /// The same wishes, as a bus takes them.
    fileprivate func forHandlers(acknowledging: AckPolicy) -> HandlerSettings {
        HandlerSettings(
            acknowledging: acknowledging,
            ackDeadline: self.ackDeadline,
            failurePolicy: .retry(.none, attempts: self.maximumAttempts ?? 1_000),
            bounds: self.bounds,
            overflow: self.overflow,
            predicate: self.predicate,
            throttle: self.throttle,
            circuitBreaker: self.circuitBreaker,
            ordering: self.ordering
        )
    }
}

extension Message {
    /// The number that the message carries, if any.
    var number: Int? {
        guard let json = try? self.payload.json(), case .integer(let number) = json else { return nil }
        return Int(number)
    }
}
