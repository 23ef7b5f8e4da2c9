// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What a member of a queue answers requests with, for a requester that has the place to do it in.
@usableFromInline
package final class Responder: Sendable {
    /// What has to be the same: the types of a request and of its reply, and the bus, which says who may publish while it
    /// drains.
    @usableFromInline
    package struct Kind: Sendable, Equatable {
        package let request: ObjectIdentifier
        package let reply: ObjectIdentifier
        package let bus: ObjectIdentifier

        @usableFromInline
        package init<Request, Reply>(_ request: Request.Type, _ reply: Reply.Type, on bus: AnyObject) {
            self.request = ObjectIdentifier(request)
            self.reply = ObjectIdentifier(reply)
            self.bus = ObjectIdentifier(bus)
        }
    }

    package let kind: Kind
    /// What handles requests, which is for those to know who know the types.
    package let handler: any AnyObject & Sendable
    /// Whether it never suspends, and can be called as a plain function.
    package let isSynchronous: Bool
    /// How many of the next requests are queued, because the handler has kept its requester from going on.
    private let queuedNext = Atomic<Int>(0)
    /// How many will be, the next time that it does.
    private let queuedAfterNext = Atomic<Int>(Responder.queuedAfterSlow.least)

    package init(_ handler: any AnyObject & Sendable, kind: Kind, isSynchronous: Bool) {
        self.handler = handler
        self.isSynchronous = isSynchronous
        self.kind = kind
    }

    /// A handler that keeps its requester longer than this is slow.
    private static let patienceInMilliseconds: Int64 = 8
    /// How many requests are queued after that, before it is tried again; twice as many each time that it is slow again.
    private static let queuedAfterSlow = (least: 4, most: 1_024)

    /// Notes how long the handler has kept its requester, by the coarse clock: more than a moment.
    ///
    /// The processor may have been somewhere else meanwhile, which is no fault of the handler's; hence so few at first.
    package func keptRequester(milliseconds: Int64) {
        let count = self.queuedAfterNext.load(ordering: .relaxed)
        guard milliseconds > Self.patienceInMilliseconds else {
            if count != Self.queuedAfterSlow.least {
                self.queuedAfterNext.store(Self.queuedAfterSlow.least, ordering: .relaxed)
            }
            return
        }
        self.queuedNext.store(count, ordering: .relaxed)
        self.queuedAfterNext.store(min(count * 2, Self.queuedAfterSlow.most), ordering: .relaxed)
    }

    /// Whether the next request is to be queued, which counts it.
    var isSlow: Bool {
        guard self.queuedNext.load(ordering: .relaxed) > 0 else { return false }
        return self.queuedNext.subtract(1, ordering: .relaxed).oldValue > 0
    }
}
