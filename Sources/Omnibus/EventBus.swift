// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The way from those who publish to those who subscribed, whichever provider moves the messages.
///
/// ```swift
/// let bus = EventBus()
/// try await bus.subscribe(to: TaskCreated.self) { task in print(task.taskID) }
/// try await bus.publish(TaskCreated(taskID: "1", prompt: "Read the news"))
/// try await bus.shutdown(deadline: .seconds(5))
/// ```
///
/// A bus that has subscriptions lives until they are cancelled or it is shut down, whoever else still refers to it.
/// A bus has no global state: several of them in one program know nothing of each other, unless they share a provider.
public final class EventBus: Sendable {
    /// What the bus does unless a call says otherwise.
    public let settings: BusSettings
    /// The bus's name in logs and reports, the same as long as it lives: a UUID that follows from its random numbers.
    public let busID: String
    /// The back end that moves the messages.
    public let provider: any EventBusProvider
    /// What the bus was made from, if that was a configuration.
    public let configuration: Configuration?

    package let environment: BusEnvironment
    /// Whether the bus has made the provider, and disconnects it in the end.
    let ownsProvider: Bool
    /// The in-memory broker's own path, where that is the provider.
    let memory: BrokerCore?
    /// The same where nothing stands between the bus and the broker: no publish middleware, no measuring. `memory` keeps it alive.
    let direct: Unmanaged<BrokerCore>?
    /// Where a task finds the handler that it runs in.
    let bindings = DeliveryScope.$binding
    /// What the bus does in the place of any other provider.
    let host: BusHost?
    /// Where the in-memory broker finds this bus's source.
    let origin: UInt16
    let phase = Atomic<Phase>(.open)
    let subscriptions = SubscriptionTable()
    let control: BusControl
    let inbox: ReplyInbox
    let closing = Closing()
    let signals: SignalHub
    let stuck: StuckHandlers
    let activities: ActivityRecorder
    let causes: CauseMemory
    let emissionFailures = EmissionFailures()
    let publisherCounts = PublisherCounts()
    /// What was enqueued and has not been accepted: by everybody, and by handlers, who must not wait for the others.
    let backlog: PublishBacklog
    let handlersBacklog: PublishBacklog
    let meter: MeterStore
    let logLosses = LogLosses()

    /// The settings for subscriptions made from now on, where they were changed.
    let changedSettings = Mutex<BusSettings?>(nil)

    /// How far a bus has come.
    enum Phase: UInt8, AtomicRepresentable {
        /// Everybody may publish.
        case open
        /// Only handlers may publish.
        case draining
        /// Nobody may publish.
        case closed
    }

    /// Creates a bus over an in-memory broker of its own.
    public convenience init(environment: BusEnvironment = .live, settings: BusSettings = BusSettings()) {
        self.init(
            InMemoryBroker(environment: environment),
            environment,
            settings,
            ownsProvider: true
        )
    }

    /// Creates a bus over a provider, which the caller connects and disconnects.
    public convenience init(
        provider: any EventBusProvider,
        environment: BusEnvironment = .live,
        settings: BusSettings = BusSettings()
    ) {
        self.init(provider, environment, settings, ownsProvider: false)
    }

    init(
        _ provider: any EventBusProvider,
        _ environment: BusEnvironment,
        _ settings: BusSettings,
        ownsProvider: Bool,
        configuration: Configuration? = nil
    ) {
        self.configuration = configuration
        self.ownsProvider = ownsProvider
        self.provider = provider
        self.environment = environment
        self.settings = settings
        let memory = (provider as? InMemoryBroker)?.core
        self.memory = memory
        let signals = memory?.signals ?? SignalHub()
        self.signals = signals
        self.stuck = StuckHandlers(clock: environment.clock, signals: signals)
        self.activities = ActivityRecorder(clock: environment.clock, memory: memory)
        self.backlog = PublishBacklog(settings.enqueueBounds, environment)
        self.handlersBacklog = PublishBacklog(settings.enqueueBounds, environment)
        self.host = memory == nil ? BusHost(provider, environment, signals) : nil
        self.control = BusControl(
            subscriptions: self.subscriptions,
            provider: provider,
            memory: memory,
            clock: environment.clock
        )
        // Where latency is measured, messages carry the exact time of their acceptance.
        let isPlain = settings.publishMiddleware.isEmpty && !settings.metrics.measuresLatency
        self.direct = isPlain ? memory.map(Unmanaged.passUnretained) : nil
        self.meter = MeterStore(settings.metrics, clock: environment.clock)
        self.origin = memory?.register(source: settings.source) ?? 0
        let seed = environment.random.next()
        self.inbox = ReplyInbox(seed: seed)
        // Of the same number, so that what a simulation draws stays what it was.
        self.busID = MessageID.random(from: seed).description
        self.causes = CauseMemory(limit: settings.rememberedMessages)
        self.beginToWatch()
    }

    /// Creates a bus over an in-memory broker of its own, whose messages come from a source.
    public convenience init(source: String) {
        self.init(settings: BusSettings(source: source))
    }

    /// The error of calls on a bus that was shut down.
    func closedError(_ call: String) -> OmnibusError {
        OmnibusError(.busClosed, "The bus was shut down, so that it cannot \(call); make a new EventBus.")
    }
}
