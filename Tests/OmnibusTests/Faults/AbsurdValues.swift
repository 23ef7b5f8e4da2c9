// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import Testing

/// The settings of buses and subscriptions, and what makes no sense for them.
enum AbsurdValues {
    static let counts = [Int.min, -1, 0, 1, Int.max]
    static let times = [
        Duration(attoseconds: .min), .seconds(Int64.min), .seconds(-1), .zero, Duration(attoseconds: 1),
        .seconds(Int64.max), Duration(attoseconds: .max),
    ]
    static let years = Duration.seconds(10 * 365 * 86_400)

    /// What a bus and a subscription may be asked for.
    struct Settings: Sendable {
        var handler = HandlerSettings()
        var bus = BusSettings()
    }

    /// A setting that is a number, and which of the absurd numbers are none.
    struct Count: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var isGood: @Sendable (Int) -> Bool
        var set: @Sendable (inout Settings, Int) -> Void
    }

    static let countSettings = [
        Count(testDescription: "concurrency", isGood: { $0 == 1 }, set: { $0.handler.concurrency = $1 }),
        Count(
            testDescription: "bounds.count",
            isGood: { $0 == 1 },
            set: { $0.handler.bounds = QueueBounds(count: $1) }
        ),
        Count(testDescription: "bounds.bytes", isGood: { $0 > 0 }, set: { $0.handler.bounds = QueueBounds(bytes: $1) }),
        Count(
            testDescription: "bounds.cascade",
            isGood: { (0...1).contains($0) },
            set: { $0.handler.bounds = QueueBounds(cascade: $1) }
        ),
        Count(
            testDescription: "bounds.parked",
            isGood: { $0 == 1 },
            set: { $0.handler.bounds = QueueBounds(parked: $1) }
        ),
        Count(
            testDescription: "bounds.parkedPerKey",
            isGood: { $0 == 1 },
            set: { $0.handler.bounds = QueueBounds(parkedPerKey: $1) }
        ),
        Count(testDescription: "bounds.count", isGood: { $0 == 1 }, set: { $0.bus.bounds = QueueBounds(count: $1) }),
        Count(
            testDescription: "attempts",
            isGood: { $0 == 1 },
            set: { $0.handler.failurePolicy = FailurePolicy(attempts: $1) }
        ),
        Count(
            testDescription: "attempts",
            isGood: { $0 == 1 },
            set: { $0.bus.failurePolicy = FailurePolicy(attempts: $1) }
        ),
        Count(
            testDescription: "throttle.count",
            isGood: { $0 == 1 },
            set: { $0.handler.throttle = Throttle($1, per: .seconds(1), burst: 9) }
        ),
        Count(
            testDescription: "throttle.burst",
            isGood: { $0 == 1 },
            set: { $0.handler.throttle = Throttle(1, per: .seconds(1), burst: $1) }
        ),
        Count(
            testDescription: "circuitBreaker.failures",
            isGood: { $0 == 1 },
            set: { $0.handler.circuitBreaker = CircuitBreaker(failures: $1) }
        ),
        Count(
            testDescription: "circuitBreaker.trials",
            isGood: { $0 == 1 },
            set: { $0.handler.circuitBreaker = CircuitBreaker(trials: $1) }
        ),
    ]

    /// A setting that is a time.
    struct Time: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var isGood: @Sendable (Duration) -> Bool
        var set: @Sendable (inout Settings, Duration) -> Void
    }

    static let timeSettings = [
        Time(testDescription: "timeout", isGood: { $0 > .zero }, set: { $0.handler.timeout = $1 }),
        Time(testDescription: "handlerTimeout", isGood: { $0 > .zero }, set: { $0.bus.handlerTimeout = $1 }),
        Time(
            testDescription: "ackDeadline",
            isGood: { $0 > .zero },
            set: {
                $0.handler.acknowledging = .manual
                $0.handler.ackDeadline = $1
            }
        ),
        Time(testDescription: "overflow", isGood: { $0 > .zero }, set: { $0.handler.overflow = .suspend(atMost: $1) }),
        Time(testDescription: "overflow", isGood: { $0 > .zero }, set: { $0.bus.overflow = .suspend(atMost: $1) }),
        Time(
            testDescription: "throttle.period",
            isGood: { $0 > .zero && $0 <= AbsurdValues.years },
            set: { $0.handler.throttle = Throttle(1, per: $1) }
        ),
        Time(
            testDescription: "circuitBreaker.window",
            isGood: { $0 > .zero && $0 <= AbsurdValues.years },
            set: { $0.handler.circuitBreaker = CircuitBreaker(within: $1) }
        ),
        Time(
            testDescription: "circuitBreaker.cooldown",
            isGood: { $0 > .zero && $0 <= AbsurdValues.years },
            set: { $0.handler.circuitBreaker = CircuitBreaker(cooldown: $1) }
        ),
        Time(
            testDescription: "initial",
            isGood: { $0 >= .zero && $0 <= AbsurdValues.years },
            set: { $0.handler.failurePolicy = .retry(.exponential(initial: $1)) }
        ),
        Time(
            testDescription: "cap",
            isGood: { $0 >= .zero && $0 <= AbsurdValues.years },
            set: { $0.handler.failurePolicy = .retry(.exponential(cap: $1, jitter: .equal)) }
        ),
        Time(
            testDescription: "step",
            isGood: { $0 >= .zero && $0 <= AbsurdValues.years },
            set: { $0.handler.failurePolicy = .retry(.linear(step: $1)) }
        ),
        Time(
            testDescription: "fixed",
            isGood: { $0 >= .zero && $0 <= AbsurdValues.years },
            set: { $0.bus.failurePolicy = .retry(.fixed([$1], then: .zero)) }
        ),
        Time(
            testDescription: "then",
            isGood: { $0 >= .zero && $0 <= AbsurdValues.years },
            set: { $0.bus.failurePolicy = .retry(.fixed([], then: $1)) }
        ),
    ]
}
