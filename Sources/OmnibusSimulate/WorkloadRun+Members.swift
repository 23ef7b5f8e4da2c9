// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Synchronization

extension WorkloadRun {
    // MARK: Coming and going

    func join(_ member: Member) async {
        let plan = self.workload.groups[member.group]
        let isGone = self.state.withLock { $0.ended.contains(member.group) || $0.subscriptions[member] != nil }
        guard !isGone, let pattern = try? TopicPattern(validating: plan.pattern) else { return }
        let group = plan.isShared ? self.groupName(member.group) : nil
        var settings = plan.settings
        if plan.overflow == .coalesce {
            let codec = self.codec
            settings.overflow = .coalesce(merge: { try Message.merging($0, $1, codec: codec) })
        }
        let before = self.nextOffsets(of: pattern)
        let start = self.startPosition(plan.start, before)
        defer {
            let after = self.nextOffsets(of: pattern)
            if member.member == 0 { self.recordReading(member.group, from: start, before, after) }
        }
        // On threads, a handler may start before the call has returned. Nobody publishes yet.
        if !self.isDeterministic || start != nil { self.begin(member, pattern) }
        do {
            switch plan.interface {
            case .alphas:
                let subscription = try await self.bus.subscribe(
                    to: Alpha.self,
                    group: group,
                    from: start,
                    with: settings
                ) {
                    try await self.handle($0, member)
                }
                self.joined(member, .handler(subscription), pattern)
            case .betas:
                let subscription = try await self.bus.subscribe(
                    to: Beta.self,
                    group: group,
                    from: start,
                    with: settings
                ) {
                    try await self.handle($0, member, $1)
                }
                self.joined(member, .handler(subscription), pattern)
            case .deliveries:
                let subscription = try await self.bus.subscribe(to: pattern, group: group, from: start, with: settings)
                {
                    try await self.handle(try $0.message.event(self.codec), member, $0)
                }
                self.joined(member, .handler(subscription), pattern)
            case .sequence:
                let deliveries = try await self.bus.deliveries(of: pattern, group: group, from: start, with: settings)
                let reader: Task<Void, Never> = self.environment.detach { await self.read(deliveries, member) }
                self.joined(member, .sequence(deliveries, reader: reader), pattern)
            }
        } catch {
            self.state.withLock { state in
                guard !state.isEnding else { return }
                state.accounting.errors.append("\(member.name) could not join: \(error)")
            }
        }
    }

    private func joined(_ member: Member, _ handle: Handle, _ pattern: TopicPattern) {
        self.state.withLock { $0.subscriptions[member] = handle }
        if self.isDeterministic { self.begin(member, pattern) }
    }

    /// Records that a group has begun, with its first member.
    private func begin(_ member: Member, _ pattern: TopicPattern) {
        guard self.state.withLock({ $0.begun.insert(member.group).inserted }) else { return }
        var rules = self.workload.groups[member.group].rules
        if !self.isDeterministic, self.workload.groups[member.group].isVagueOnThreads {
            // What is recorded before and after the settlement itself may come in any order.
            rules.keysAreExclusive = false
            rules.isStrict = false
            rules.keepsOrder = false
            rules.maximumAttempts = nil
            rules.timeout = nil
            // One that was taken back may still be at work in the end; the counts say whether anything was lost.
            rules.mayDrop = true
        }
        if !self.isDeterministic {
            // Time passes between what the queue decides and what the handler sees.
            rules.throttle = nil
            rules.circuitBreaker = nil
        }
        self.record(.began(group: self.groupName(member.group), pattern: pattern, rules: rules))
        // It may come in the middle of a shutdown, and be refused.
        if self.state.withLock({ $0.isEnding }) { self.record(.ending(group: self.groupName(member.group))) }
    }

    func leave(_ member: Member) async {
        guard let handle = self.state.withLock({ $0.subscriptions[member] }) else { return }
        let isLast = self.state.withLock { state -> Bool in
            guard state.leaving.insert(member).inserted else { return false }
            let isLast = !state.subscriptions.keys.contains {
                $0.group == member.group && !state.leaving.contains($0)
            }
            if isLast { state.ended.insert(member.group) }
            return isLast
        }
        let group = self.groupName(member.group)
        if isLast { self.record(.ending(group: group)) }
        self.record(.leaving(member: member.name, of: group))
        switch handle {
        case .handler(let subscription): await subscription.cancel()
        case .sequence(let deliveries, _): await deliveries.cancel()
        }
        self.stopped(member)
    }

    /// Records that nothing starts at a member any more. On threads, what has just begun may be recorded after that.
    func stopped(_ member: Member) {
        guard self.isDeterministic else { return }
        self.record(.stopped(member: member.name, of: self.groupName(member.group)))
    }

    func pause(_ member: Member) async {
        guard case .handler(let subscription) = self.state.withLock({ $0.subscriptions[member] }),
            self.beginChange(of: member)
        else { return }
        defer { self.endChange(of: member) }
        do {
            try await subscription.pause()
            self.state.withLock { _ = $0.paused.insert(member) }
            self.stopped(member)
        } catch {
            self.expect(error, .unknownSubscription, member)
        }
    }

    func resume(_ member: Member) async {
        guard case .handler(let subscription) = self.state.withLock({ $0.subscriptions[member] }) else { return }
        guard !self.state.withLock({ $0.leaving.contains(member) }), self.beginChange(of: member) else { return }
        defer { self.endChange(of: member) }
        self.state.withLock { _ = $0.paused.remove(member) }
        self.record(.resumed(member: member.name, of: self.groupName(member.group)))
        do {
            try await subscription.resume()
        } catch {
            self.expect(error, .unknownSubscription, member)
        }
    }

    /// Says that a member is paused or resumed now; false where somebody else does already. Of two at once, nobody but
    /// the bus knows which was last.
    private func beginChange(of member: Member) -> Bool {
        self.state.withLock { $0.changing.insert(member).inserted }
    }

    private func endChange(of member: Member) {
        self.state.withLock { _ = $0.changing.remove(member) }
    }

    private func expect(_ error: OmnibusError, _ code: OmnibusError.Code, _ member: Member) {
        self.state.withLock { state in
            if error.code == code, state.leaving.contains(member) || state.isEnding { return }
            state.accounting.errors.append("\(member.name): \(error)")
        }
    }
}

extension GroupPlan {
    /// The settings that every member asks for.
    var settings: HandlerSettings {
        var settings = HandlerSettings(concurrency: self.concurrency)
        switch self.acknowledging {
        case .onReturn: break
        case .onReceipt: settings.acknowledging = .onReceipt
        case .manual(let deadline):
            settings.acknowledging = .manual
            settings.ackDeadline = deadline.map { .milliseconds($0) }
        }
        settings.predicate = self.predicate
        settings.throttle = self.throttle
        settings.circuitBreaker = self.circuitBreaker
        settings.timeout = self.timeout.map { .milliseconds($0) }
        settings.failurePolicy = .retry(self.retrySchedule, attempts: self.attempts)
        settings.ordering = self.ordering
        settings.bounds = QueueBounds(count: self.bound, cascade: self.cascade)
        switch self.overflow {
        case .suspend(let milliseconds): settings.overflow = .suspend(atMost: .milliseconds(milliseconds))
        case .reject: settings.overflow = .reject
        case .dropOldest: settings.overflow = .dropOldest
        case .dropNewest: settings.overflow = .dropNewest
        case .coalesce: break
        }
        return settings
    }

    private var predicate: MessagePredicate? {
        guard let keys = self.wantedKeyNames else { return nil }
        return MessagePredicate("keys \(keys.sorted().joined(separator: ", "))") { message in
            message.key.map { keys.contains($0) } ?? false
        }
    }

    private var wantedKeyNames: Set<String>? {
        self.wantedKeys.map { Set($0.map { "k\($0)" }) }
    }

    private var retrySchedule: RetrySchedule {
        switch self.schedule {
        case .atOnce: .none
        case .fixed(let milliseconds): .fixed([.milliseconds(milliseconds)], then: .milliseconds(2 * milliseconds))
        case .exponential: .exponential(initial: .milliseconds(10), cap: .seconds(1))
        case .linear: .linear(initial: .milliseconds(5), step: .milliseconds(20))
        }
    }

    /// Whether deliveries are settled by handle, rather than by returning.
    var isSettledByHand: Bool {
        if case .sequence = self.interface { return true }
        if case .manual = self.acknowledging { return true }
        return false
    }

    /// Whether, on threads, a handler cannot tell what becomes of its delivery: others settle it too.
    var isVagueOnThreads: Bool { self.isSettledByHand || self.timeout != nil }

    /// What its messages are judged by.
    var rules: DeliveryHistory.Rules {
        var rules = DeliveryHistory.Rules()
        rules.keepsOrder = self.ordering == .strict || !self.isShared && self.concurrency == 1
        switch self.ordering {
        case .key: rules.keysAreExclusive = true
        case .strict: rules.isStrict = true
        case .unordered: break
        }
        if self.acknowledging == .onReceipt, self.timeout != nil {
            // The next message is free before the handler's own task has begun.
            rules.keepsOrder = !self.isShared && self.concurrency == 1
            rules.keysAreExclusive = false
            rules.isStrict = false
        }
        rules.maximumAttempts = self.attempts
        rules.throttle = self.throttle
        rules.wantedKeys = self.wantedKeyNames
        // What was settled by hand stays as it is, however long the handler goes on, and is recorded too late.
        if !self.isSettledByHand, self.acknowledging == .onReturn {
            rules.timeout = self.timeout.map { .milliseconds($0) }
            rules.circuitBreaker = self.circuitBreaker
        }
        switch self.overflow {
        case .dropOldest, .dropNewest: rules.mayDrop = true
        case .coalesce:
            // What is merged takes the older one's place, before those of other keys.
            rules.keepsOrder = false
        case .suspend, .reject: break
        }
        return rules
    }
}
