// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

extension SubscriptionPlan {
    /// Decides who does what.
    ///
    /// - Parameters:
    ///   - pattern: what is subscribed to.
    ///   - settings: what the subscription asks for.
    ///   - keyExclusivity: how far the members of a group, in whatever processes, must keep messages of one key apart.
    ///   - capabilities: what the provider can do.
    public init(
        for pattern: TopicPattern,
        _ settings: SubscriptionSettings,
        keyExclusivity: KeyExclusivity = .byStableAssignment,
        on capabilities: ProviderCapabilities
    ) {
        let capabilities = capabilities.withoutWhatNeedsAcknowledgement
        let decider = Decider(
            pattern: pattern,
            settings: settings,
            leastExclusivity: settings.group == nil ? .perProcess : keyExclusivity,
            capabilities: capabilities
        )
        self.init(
            provider: capabilities.provider,
            pattern: pattern,
            group: settings.group,
            providerPattern: decider.providerPattern ?? pattern,
            isHosted: decider.isHosted,
            isAssigningKeys: capabilities.keyExclusivity == .byStableAssignment,
            assignments: decider.assignments
        )
    }

    /// What the provider is asked for: without what the bus does itself.
    package func providerSettings(_ settings: SubscriptionSettings) -> SubscriptionSettings {
        guard self.isHosted else { return settings }
        var settings = settings
        // The provider shares out one stream of each group's name; two patterns that it takes for one are two groups.
        if self.isFiltering { settings.group = settings.group.map { "\($0) \(self.pattern)" } }
        if self[.retry] != .provider { settings.maximumAttempts = nil }
        if self.isOrderedHere { settings.ordering = .unordered }
        if self[.predicate] == .bus { settings.predicate = nil }
        if self[.bounds] != .provider { (settings.bounds, settings.overflow) = (QueueBounds(), .suspend()) }
        settings.ackDeadline = nil
        settings.throttle = nil
        settings.circuitBreaker = nil
        return settings
    }

    /// Whether the provider need not keep keys or the order of a group for it.
    private var isOrderedHere: Bool {
        switch self.group {
        case nil: true
        case .some: self[.keys] != .provider && self[.strictOrder] != .provider && !self.isAssigningKeys
        }
    }

    /// Checks that the subscription is possible.
    ///
    /// - Throws: ``OmnibusError`` with the code `unsupported`, whose `details` are the name of the capability.
    package func validate() throws(OmnibusError) {
        for assignment in self.assignments {
            guard case .unsupported(let reason) = assignment.performer else { continue }
            throw OmnibusError(
                .unsupported,
                "The provider '\(self.provider)' cannot serve '\(self.pattern)': \(reason).",
                details: Decider.capability(for: assignment.duty).rawValue
            )
        }
    }

    /// The facts that a plan follows from, and the conclusions.
    private struct Decider {
        let pattern: TopicPattern
        let settings: SubscriptionSettings
        let leastExclusivity: KeyExclusivity
        let capabilities: ProviderCapabilities

        func has(_ capability: Capability) -> Bool { self.capabilities.has(capability) }

        /// The capability whose lack makes a duty impossible.
        static func capability(for duty: Duty) -> Capability {
            switch duty {
            case .groups: .groups
            case .wildcards: .wildcards
            case .keys: .keyExclusivity
            case .strictOrder: .strictOrder
            default: .overflow
            }
        }

        /// What the provider can be asked for that has all of the pattern's messages; nil where there is nothing.
        var providerPattern: TopicPattern? {
            if self.pattern.isLiteral || self.has(.wildcards) { return self.pattern }
            if self.has(.prefixWildcards) {
                let prefix = self.pattern.words.prefix { $0 != "*" && $0 != "#" }
                return TopicPattern(unchecked: (prefix + ["#"]).joined(separator: "."))
            }
            return self.has(.everyTopic) ? "#" : nil
        }

        var wantsRetry: Bool { self.settings.maximumAttempts != 1 }

        var canProviderRetry: Bool {
            // What comes again by itself would count as handled at a circuit breaker.
            self.has(.acknowledgement) && self.has(.delayedRedelivery) && self.has(.attemptCount)
                && self.settings.circuitBreaker == nil
        }

        /// Whether the provider itself hands out one message of a key at a time.
        ///
        /// An assignment of keys to members is not enough: a member that handles several messages at once would get
        /// several of one key.
        var isProviderHoldingKeys: Bool {
            if self.settings.ordering == .unordered { return true }
            return switch self.capabilities.keyExclusivity {
            case .none, .byStableAssignment: false
            case .perProcess: self.settings.group == nil || self.leastExclusivity <= .perProcess
            case .global: true
            }
        }

        /// Whether anything is left to the bus that needs the queue to be there.
        var isHosted: Bool {
            if self.providerPattern != self.pattern { return true }
            if self.settings.predicate != nil, !self.has(.predicates) { return true }
            if self.wantsRetry, !self.canProviderRetry { return true }
            if self.settings.ackDeadline != nil, !self.has(.ackDeadline) { return true }
            if self.settings.ordering == .strict, !self.has(.strictOrder) { return true }
            if self.wantsThrottle, !self.has(.throttle) { return true }
            // Pausing is no reason: a provider that holds publishers back would not do so for a queue that is here.
            let needed: [Capability] = [.acknowledgement, .deadLetters, .timeToLive, .priority, .overflow]
            return !self.isProviderHoldingKeys || !needed.allSatisfy(self.has)
        }

        /// Who does what a queue does: whoever has it.
        var owner: Performer { self.isHosted ? .bus : .provider }

        var assignments: [Assignment] {
            [
                self.groups, self.wildcards, self.predicate, self.acknowledgement, self.retry, self.attempts,
                self.ackDeadline,
                self.deadLetters, self.timeToLive, self.priority, self.keys, self.strictOrder, self.pause, self.bounds,
                self.throttle, self.counting,
            ]
        }

        var groups: Assignment {
            guard self.settings.group != nil else { return Assignment(.groups, .nobody, "not asked for") }
            guard self.has(.groups) else {
                let reason =
                    "it has no groups, and members in other processes would each get everything; leave 'group' out"
                return Assignment(.groups, .unsupported(reason))
            }
            return Assignment(.groups, .provider, self.isHosted ? "members on this bus share one queue" : "")
        }

        var wildcards: Assignment {
            if self.pattern.isLiteral { return Assignment(.wildcards, .nobody, "not asked for") }
            guard let asked = self.providerPattern else {
                return Assignment(
                    .wildcards,
                    .unsupported("it has no wildcards; subscribe to each topic, or choose another provider")
                )
            }
            guard asked != self.pattern else { return Assignment(.wildcards, .provider) }
            return Assignment(.wildcards, .bus, "gets '\(asked)' and drops what does not match")
        }

        var predicate: Assignment {
            guard self.settings.predicate != nil else { return Assignment(.predicate, .nobody, "not asked for") }
            return self.has(.predicates)
                ? Assignment(.predicate, .provider)
                : Assignment(.predicate, .bus, "asked when a message is fetched")
        }

        var acknowledgement: Assignment {
            self.has(.acknowledgement)
                ? Assignment(.acknowledgement, .provider)
                : Assignment(.acknowledgement, .nobody, "what is here is lost when this process ends")
        }

        var retry: Assignment {
            guard self.wantsRetry else { return Assignment(.retry, .nobody, "one attempt") }
            guard self.isHosted else { return Assignment(.retry, .provider) }
            // A key is held through the retries of its message; whoever holds keys has to see to the retries.
            let isOrderedHere = self.settings.ordering != .unordered && self.keys.performer != .provider
            return self.canProviderRetry && !isOrderedHere
                ? Assignment(.retry, .provider)
                : Assignment(.retry, .bus, "waits here")
        }

        var attempts: Assignment {
            let isCounting = self.has(.attemptCount)
            if !self.isHosted || self.retry.performer == .provider {
                return isCounting ? Assignment(.attempts, .provider) : Assignment(.attempts, .nobody, "one attempt")
            }
            return Assignment(
                .attempts,
                .bus,
                isCounting ? "goes on from the provider's number" : "begins at 1 when the provider delivers again"
            )
        }

        var ackDeadline: Assignment {
            guard self.settings.ackDeadline != nil else { return Assignment(.ackDeadline, .nobody, "not asked for") }
            return Assignment(.ackDeadline, self.owner)
        }

        var deadLetters: Assignment {
            self.has(.deadLetters)
                ? Assignment(.deadLetters, .provider)
                : Assignment(.deadLetters, .bus, "in bounded memory, until this process ends")
        }

        var timeToLive: Assignment {
            Assignment(.timeToLive, self.owner, self.isHosted ? "looked at before each attempt" : "")
        }

        var priority: Assignment {
            Assignment(.priority, self.owner, self.isHosted ? "among what has been fetched" : "")
        }

        var keys: Assignment {
            guard self.settings.ordering == .key else { return Assignment(.keys, .nobody, "not asked for") }
            guard self.settings.group != nil else { return Assignment(.keys, self.owner) }
            let exclusivity = self.capabilities.keyExclusivity
            guard exclusivity >= self.leastExclusivity else {
                return Assignment(
                    .keys,
                    .unsupported(
                        """
                        its key exclusivity is '\(exclusivity)' and a group needs '\(self.leastExclusivity)'; \
                        ask for 'ordering: .unordered', or for 'keyExclusivity: .\(exclusivity)' if members in other \
                        processes may handle one key at the same time
                        """
                    )
                )
            }
            guard self.isHosted else { return Assignment(.keys, .provider) }
            switch exclusivity {
            case .none, .perProcess: return Assignment(.keys, .bus, "on this bus; not between processes")
            case .byStableAssignment: return Assignment(.keys, .bus, "the provider assigns each key to one member")
            case .global: return Assignment(.keys, .provider, "with the retries that are here")
            }
        }

        var strictOrder: Assignment {
            guard self.settings.ordering == .strict else {
                return Assignment(.strictOrder, .nobody, "not asked for")
            }
            guard self.settings.group != nil else { return Assignment(.strictOrder, self.owner) }
            if self.has(.strictOrder) { return Assignment(.strictOrder, .provider) }
            if self.leastExclusivity <= .perProcess {
                return Assignment(.strictOrder, .bus, "on this bus; not between processes")
            }
            return Assignment(
                .strictOrder,
                .unsupported(
                    """
                    it cannot stop members in other processes; ask for 'keyExclusivity: .perProcess' if all members are \
                    on this bus
                    """
                )
            )
        }

        var pause: Assignment {
            if self.isHosted || self.has(.pause) { return Assignment(.pause, self.owner) }
            return Assignment(.pause, .nobody, "its queue, which holds publishers back, cannot be paused")
        }

        var bounds: Assignment {
            guard self.isHosted else { return Assignment(.bounds, .provider) }
            if self.has(.overflow) {
                return Assignment(.bounds, .provider, "what waits there; a batch more is fetched")
            }
            switch self.settings.overflow {
            case .suspend:
                return Assignment(.bounds, .bus, "fetches what there is room for; publishers are not held back")
            case .coalescing:
                return Assignment(
                    .bounds,
                    .unsupported("messages are merged where publishers meet the queue, which is not at the provider")
                )
            case .dropOldest, .dropNewest:
                return Assignment(.bounds, .bus, "fetches everything and drops what does not fit")
            case .reject:
                let reason =
                    "a publisher cannot be refused for a queue that the provider does not know; "
                    + "use another 'overflow' than '.reject'"
                return Assignment(.bounds, .unsupported(reason))
            }
        }

        var wantsThrottle: Bool { self.settings.throttle != nil || self.settings.circuitBreaker != nil }

        var throttle: Assignment {
            guard self.wantsThrottle else { return Assignment(.throttle, .nobody, "not asked for") }
            let note = self.settings.group == nil ? "" : "for the members on this bus"
            return Assignment(.throttle, self.owner, self.isHosted ? note : "")
        }

        var counting: Assignment {
            !self.isHosted && self.has(.metrics)
                ? Assignment(.counting, .provider)
                : Assignment(.counting, self.isHosted ? .bus : .nobody)
        }
    }
}
