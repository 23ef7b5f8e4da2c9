// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

#if OMNIBUS_MUTATIONS
    import Synchronization
#endif

/// Deliberate faults in the logic of queues, one of which can be switched on to see that the simulation finds it.
///
/// They exist only where `OMNIBUS_MUTATIONS` is defined, which no user's build does: everywhere else every question is
/// answered with a constant, and the code is what it would be without it.
package enum Mutation: String, CaseIterable, Sendable {
    /// A settlement wakes nobody for what has become ready.
    case dropWakeUp
    /// A worker that was woken is on its way for ever, so that nobody else is woken.
    case neverArrive
    /// A queue that was held back is never let go.
    case neverLetGo
    /// Nobody is told that a queue has room again.
    case forgetSuspendedPublishers
    /// The key of a message that was given up on is never free again.
    case skipKeyRelease
    /// What waited behind a key is gone when the key is free.
    case loseParked
    /// A deadline that has passed is no attempt.
    case loseAttempt
    /// What came back waits behind what was offered later.
    case skipFront
    /// An acknowledged retry counts twice.
    case countTwice
    /// A settlement counts, although the delivery was taken back.
    case settleStale
    /// A paused member gets what came back.
    case ignorePause
    /// What has expired is counted, and not kept.
    case loseExpired
    /// The dead letter of a second or later attempt is not kept.
    case loseDeadLetter
    /// An acknowledged retry comes again.
    case redeliverAcknowledged
    /// A queue takes one message more than its bound.
    case exceedBound
    /// Dropping the oldest message is not counted.
    case miscountDropped
    /// In strict order, the next message does not wait for a retry.
    case ignoreStrictOrder
    /// The timer is not set again for what is due later.
    case forgetTimer
    /// What a worker gives back goes behind what waits.
    case giveBackBehind
    /// What a queue still holds when it ends is not counted.
    case miscountAbandoned
    /// A handler that has run out of time and returns has handled its message.
    case forgiveTimeout
    /// A throttle lets one more message through at once.
    case exceedThrottle
    /// A circuit breaker that has opened lets everything through.
    case ignoreOpenBreaker
    /// What is due soon is delivered with what is due now.
    case deliverEarly
    /// A deduplication window forgets what it has just accepted.
    case forgetAccepted
    /// A message goes to a queue whose predicate does not want it.
    case ignorePredicate
    /// What was merged is thrown away, and the older message stays as it was.
    case skipMerge
    /// A reader is not told what retention has removed before it got there.
    case forgetGap

    #if OMNIBUS_MUTATIONS
        private static let number = Atomic<Int>(-1)

        /// The fault that is switched on, for the whole process; nil is none.
        package static var active: Mutation? {
            get {
                let number = Self.number.load(ordering: .relaxed)
                return number < 0 ? nil : Self.allCases[number]
            }
            set { Self.number.store(newValue.flatMap { Self.allCases.firstIndex(of: $0) } ?? -1, ordering: .relaxed) }
        }
    #endif

    /// Whether a fault is switched on: never, unless the condition is defined.
    @inline(__always)
    package static func isActive(_ mutation: @autoclosure () -> Mutation) -> Bool {
        #if OMNIBUS_MUTATIONS
            return Self.active == mutation()
        #else
            return false
        #endif
    }
}
