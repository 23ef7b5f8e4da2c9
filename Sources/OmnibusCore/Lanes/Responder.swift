// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What a member of a queue answers requests with, for a requester that has the place to do it in.
package final class Responder: Sendable {
    /// The types of a request and of its reply.
    package struct Kind: Sendable, Equatable {
        package let request: ObjectIdentifier
        package let reply: ObjectIdentifier

        package init<Request, Reply>(_ request: Request.Type, _ reply: Reply.Type) {
            self.request = ObjectIdentifier(request)
            self.reply = ObjectIdentifier(reply)
        }
    }

    package let kind: Kind
    /// What handles requests, which is for those to know who know the types.
    package let handler: any AnyObject & Sendable
    /// Whether it never suspends, and can be called as a plain function.
    package let isSynchronous: Bool
    /// How many of the next requests are queued, because the handler has kept its requester from going on.
    private let queuedNext = Atomic<Int>(0)

    package init(_ handler: any AnyObject & Sendable, kind: Kind, isSynchronous: Bool) {
        self.handler = handler
        self.isSynchronous = isSynchronous
        self.kind = kind
    }

    /// A handler that keeps its requester longer than this is slow.
    private static let patienceInMilliseconds: Int64 = 8
    /// How many requests are queued after that, before it is tried again.
    private static let queuedAfterSlow = 1_000

    /// Notes how long the handler has kept its requester, by the coarse clock.
    package func keptRequester(milliseconds: Int64) {
        guard milliseconds > Self.patienceInMilliseconds else { return }
        self.queuedNext.store(Self.queuedAfterSlow, ordering: .relaxed)
    }

    /// Whether the next request is to be queued, which counts it.
    var isSlow: Bool {
        guard self.queuedNext.load(ordering: .relaxed) > 0 else { return false }
        return self.queuedNext.subtract(1, ordering: .relaxed).oldValue > 0
    }
}
