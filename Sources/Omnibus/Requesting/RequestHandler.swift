// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// A handler of requests, with the types that it takes and returns.
final class RequestHandler<Request: Sendable, Reply: Sendable>: Sendable {
    let handle: @Sendable (Request) async throws -> Reply
    /// The same where it never suspends.
    let synchronous: (@Sendable (Request) throws -> Reply)?

    init(
        _ handle: @escaping @Sendable (Request) async throws -> Reply,
        synchronous: (@Sendable (Request) throws -> Reply)? = nil
    ) {
        self.handle = handle
        self.synchronous = synchronous
    }

    /// The same for a queue, which does not know the types.
    func responder(on bus: EventBus) -> Responder {
        Responder(
            self,
            kind: Responder.Kind(Request.self, Reply.self, on: bus),
            isSynchronous: self.synchronous != nil
        )
    }
}
