// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusInMemory
import OmnibusTesting
import Synchronization

/// Runs a workload on a bus of its own, and keeps the history of what its publishers and handlers have seen.
final class WorkloadRun: Sendable {
    struct State {
        var history = DeliveryHistory()
        var subscriptions: [Member: Handle] = [:]
        var leaving: Set<Member> = []
        var paused: Set<Member> = []
        /// Members that are being paused or resumed.
        var changing: Set<Member> = []
        /// Groups that have had a member.
        var begun: Set<Int> = []
        /// Groups that have lost their last member.
        var ended: Set<Int> = []
        var publishers: [Int: Task<Void, Never>] = [:]
        /// How often each message was handed to each group, redriven ones included.
        var attempts: [Attempted: Int] = [:]
        var accounting = Accounting()
        var isEnding = false
    }

    struct Member: Hashable {
        var group: Int
        var member: Int
        var name: String { "g\(self.group).m\(self.member)" }
    }

    struct Attempted: Hashable {
        var group: Int
        var name: String
    }

    /// A member, as it can be paused and cancelled.
    enum Handle: Sendable {
        case handler(Subscription)
        case sequence(Deliveries, reader: Task<Void, Never>)
    }

    let workload: Workload
    let environment: BusEnvironment
    /// The clock that wall-clock jumps are done on; nil where it cannot jump.
    let manualClock: ManualClock?
    let broker: InMemoryBroker
    let bus: EventBus
    let codec: any PayloadCodec
    let state = Mutex(State())

    var clock: any BusClock { self.environment.clock }

    /// Whether the run follows from its seed alone: it has an executor and a clock of its own.
    var isDeterministic: Bool { self.environment.executor != nil }

    init(_ workload: Workload, environment: BusEnvironment) {
        self.workload = workload
        self.environment = environment
        self.manualClock = environment.clock as? ManualClock
        self.broker = InMemoryBroker(environment: environment)
        let settings = BusSettings(source: "simulation")
        self.codec = settings.codec
        self.bus = EventBus(provider: self.broker, environment: environment, settings: settings)
    }

    func record(_ entry: DeliveryHistory.Entry) {
        let uptime = self.clock.uptime()
        self.state.withLock { $0.history.record(entry, at: uptime) }
    }

    func groupName(_ group: Int) -> String { "g\(group)" }

    // MARK: Running

    /// Runs the workload to its end and returns what was wrong.
    func run() async -> [HistoryFinding] {
        _ = try? await self.bus.respond(to: Self.questions, as: Alpha.self) { "re: \($0.name)" }
        await self.createTopics()
        for operation in self.workload.operations where operation.actor == .setup {
            await self.perform(operation.action, as: "setup")
        }
        var actors: [Operation.Actor] = [.control]
        for operation in self.workload.operations where !actors.contains(operation.actor) {
            if case .publisher = operation.actor { actors.append(operation.actor) }
        }
        let tasks = actors.map { actor in
            let task: Task<Void, Never> = self.environment.detach { await self.play(actor) }
            if case .publisher(let number) = actor { self.state.withLock { $0.publishers[number] = task } }
            return task
        }
        if case .shutdown(let after, let deadline) = self.workload.end {
            try? await self.clock.sleep(for: .milliseconds(after))
            return await self.shutDown(within: deadline, tasks)
        }
        for task in tasks { await task.value }
        return await self.settle()
    }

    private func createTopics() async {
        for (number, window) in self.workload.windows.sorted(by: { $0.key < $1.key }) {
            do {
                let topic = try Topic(validating: Workload.topics[number])
                _ = try await self.broker.createTopic(topic, TopicConfiguration(deduplication: window))
                // On threads, nobody knows when exactly a message was accepted.
                if self.isDeterministic { self.record(.remembers(topic, window)) }
            } catch {
                self.failed("a topic could not be created: \(error)")
            }
        }
        await self.createHistories()
    }

    private func play(_ actor: Operation.Actor) async {
        let name: String
        switch actor {
        case .publisher(let number): name = "p\(number)"
        case .setup, .control: name = "control"
        }
        for operation in self.workload.operations where operation.actor == actor {
            await self.perform(operation.action, as: name)
        }
    }

    private func perform(_ action: Operation.Action, as actor: String) async {
        switch action {
        case .publish(let plan):
            await self.publish(plan, by: actor)
        case .sleep(let milliseconds):
            try? await self.clock.sleep(for: .milliseconds(milliseconds))
        case .join(let group, let member):
            await self.join(Member(group: group, member: member))
        case .leave(let group, let member):
            await self.leave(Member(group: group, member: member))
        case .pause(let group, let member):
            await self.pause(Member(group: group, member: member))
        case .resume(let group, let member):
            await self.resume(Member(group: group, member: member))
        case .redrive:
            await self.redrive()
        case .jumpWallClock(let milliseconds):
            self.manualClock?.jump(by: .milliseconds(milliseconds))
        case .cancelPublisher(let number):
            self.state.withLock { $0.publishers[number] }?.cancel()
        case .request(let number):
            await self.request("\(actor).q\(number)", by: actor)
        case .append(let number, let topic, let key):
            await self.append("\(actor).l\(number)", to: topic, key, by: actor)
        }
    }

    // MARK: Publishing

    private func publish(_ plan: PublishPlan, by publisher: String) async {
        let name = "\(publisher).\(plan.number)"
        let topic = Workload.topics[plan.topic]
        let key = plan.key.map { "k\($0)" }
        if let delay = plan.delay { return await self.schedule(name, plan, delay, by: publisher) }
        await self.publish(
            name,
            by: publisher,
            to: topic,
            key: key,
            priority: plan.priority,
            expires: plan.timeToLive != nil,
            identity: plan.identity
        ) {
            let alpha = Alpha(name: name, key: key)
            let beta = Beta(name: name, key: key)
            switch plan.way {
            case .event:
                return plan.topic == 0 ? try await self.bus.publish(alpha) : try await self.bus.publish(beta)
            case .eventNow:
                plan.topic == 0 ? try self.bus.publishNow(alpha) : try self.bus.publishNow(beta)
            case .publisher:
                if plan.topic == 0 {
                    try await self.bus.publisher(of: Alpha.self).publish(alpha)
                } else {
                    try await self.bus.publisher(of: Beta.self).publish(beta)
                }
            case .message:
                return try await self.bus.publish(try self.message(name, plan))
            }
            return nil
        }
    }

    /// The message of a publish call.
    func message(_ name: String, _ plan: PublishPlan) throws -> Message {
        let key = plan.key.map { "k\($0)" }
        let payload =
            plan.topic == 1
            ? Payload(Beta(name: name, key: key), codec: self.codec)
            : Payload(Alpha(name: name, key: key), codec: self.codec)
        let topic = try Topic(validating: Workload.topics[plan.topic])
        var message = Message(topic: topic, key: key, payload: payload)
        message.priority = plan.priority
        message.timeToLive = plan.timeToLive.map { .milliseconds($0) }
        if let identity = plan.identity { message.id = MessageID(high: 0, low: UInt64(identity) + 1) }
        return message
    }

    /// Records a publish call around what does it; returns the error that it threw.
    @discardableResult
    func publish(
        _ name: String,
        by publisher: String,
        to topicName: String,
        key: String?,
        priority: Priority = .normal,
        expires: Bool = false,
        identity: Int? = nil,
        _ body: () async throws -> PublishReceipt?
    ) async -> OmnibusError? {
        guard let topic = try? Topic(validating: topicName) else { return nil }
        self.record(
            .published(name, by: publisher, topic: topic, key: key, priority: priority, expires: expires)
        )
        if let identity { self.record(.identified(name, id: "\(identity)")) }
        let start = self.clock.uptime()
        defer {
            self.checkBounds()
            self.checkWait(name, since: start)
        }
        do {
            let receipt = try await body()
            self.record(receipt?.isDuplicate == true ? .duplicate(name) : .accepted(name, matched: receipt?.matched))
            self.state.withLock { $0.accounting.calls.note(receipt) }
            return nil
        } catch let error as OmnibusError where error.code == .partiallyAccepted {
            // Whoever repeats it goes on with it; nobody can tell which of them has been told of what.
            guard identity == nil else {
                self.state.withLock { state in
                    state.accounting.isVague = true
                    state.accounting.calls.made += 1
                    state.accounting.calls.vague += 1
                }
                self.record(.unfinished(name))
                return error
            }
            self.state.withLock { $0.accounting.calls.note(.partiallyAccepted) }
            self.record(.accepted(name, matched: nil, missing: self.groups(missing: error)))
            return error
        } catch {
            self.refused(name, error, isVague: identity != nil)
            return error as? OmnibusError
        }
    }

    /// Records that a publish call has thrown, and nobody has the message.
    ///
    /// - Parameter isVague: whether the call may have gone on with another one, and is counted as a repetition.
    func refused(_ name: String, _ error: any Error, isVague: Bool = false) {
        self.record(.refused(name))
        let code = (error as? OmnibusError)?.code
        self.state.withLock { state in
            if isVague, code != .busClosed {
                state.accounting.calls.made += 1
                state.accounting.calls.vague += 1
            } else {
                state.accounting.calls.note(code)
            }
            if ![.busClosed, .overflow, .cancelled].contains(code) { state.accounting.errors.append("\(error)") }
        }
    }

    /// The groups that have not accepted a message that others have.
    func groups(missing error: OmnibusError) -> [String] {
        let missing = (error.details as? PartialAcceptance)?.missing ?? []
        let groups = self.workload.groups.indices.filter { group in
            missing.contains { self.isName($0, of: group) }
        }
        return groups.map(self.groupName)
    }

    /// Whether the name of a queue, as errors give it, is that of a group.
    private func isName(_ name: String, of group: Int) -> Bool {
        let plan = self.workload.groups[group]
        return plan.isShared
            ? name.hasPrefix("group 'g\(group)' of ")
            : name == "'\(plan.pattern)'" || name.hasPrefix("'\(plan.pattern)' ")
    }

    /// Asks a question that the workload's own responder answers, and everybody else just hears.
    private func request(_ name: String, by publisher: String) async {
        self.record(.published(name, by: publisher, topic: Self.questions, key: nil))
        do {
            let question = Alpha(name: name)
            let answer: String = try await self.bus.request(question, to: Self.questions, timeout: .milliseconds(500))
            if answer != "re: \(name)" { self.failed("'\(name)' was answered with '\(answer)'") }
            self.record(.accepted(name, matched: nil))
            self.state.withLock { $0.accounting.calls.made += 1 }
        } catch {
            self.state.withLock { $0.accounting.calls.vague += 1 }
            switch (error as? OmnibusError)?.code {
            case .timeout?: self.record(.accepted(name, matched: nil))
            case .overflow?, .noResponder?: self.record(.refused(name))
            case .cancelled?, .busClosed?, .partiallyAccepted?: self.state.withLock { $0.accounting.isVague = true }
            default: self.failed("'\(name)' failed: \(error)")
            }
        }
    }

    static let questions: Topic = "ask.question"

    func failed(_ text: String) {
        self.state.withLock { $0.accounting.errors.append(text) }
    }

    // MARK: Dead letters

    private func redrive() async {
        guard let letters = try? self.bus.deadLetters else { return }
        for letter in letters.list(limit: .max) {
            guard let (name, group) = self.origin(of: letter) else { continue }
            let isGone = self.state.withLock { $0.ended.contains(group) || $0.isEnding }
            if isGone { continue }
            self.record(.redriven(name, to: self.groupName(group)))
            do {
                try await letters.redrive(letter.id)
                self.state.withLock { $0.accounting.redriven[group, default: 0] += 1 }
            } catch {
                // It stays where it is: its queue is full, or ends just now.
                self.record(.kept(name, of: self.groupName(group)))
                let isExpected = error.code == .overflow || self.state.withLock { $0.isEnding }
                if !isExpected { self.failed("redriving '\(name)' failed: \(error)") }
            }
        }
    }

    /// Which message of which group a dead letter is.
    func origin(of letter: DeadLetter) -> (name: String, group: Int)? {
        guard let event = try? letter.message.event(self.codec) else { return nil }
        let group = self.workload.groups.indices.first { index in
            let plan = self.workload.groups[index]
            if let group = letter.group { return group == self.groupName(index) }
            return !plan.isShared && plan.pattern == letter.pattern.description
        }
        return group.map { (event.name, $0) }
    }
}
