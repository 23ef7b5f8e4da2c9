// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// A named function around each attempt at handling, which may add context, measure, or fail the attempt.
public struct HandleMiddleware: Sendable {
    /// Goes on to the rest of the path.
    public typealias Next = (Delivery) async throws -> Void

    /// The name under which it is listed.
    public let name: String
    package let body: @Sendable (Delivery, Next) async throws -> Void
    /// Whether handlers of events have to decode what it leaves, rather than what came.
    package var changesMessages = false

    /// Makes middleware that changes the message before the handler gets it; throwing fails the attempt.
    public static func changing(
        _ name: String,
        _ body: @escaping @Sendable (Message) async throws -> Message
    ) -> HandleMiddleware {
        var middleware = HandleMiddleware(name: name) { delivery, next in
            try await next(delivery.with(try await body(delivery.message)))
        }
        middleware.changesMessages = true
        return middleware
    }

    /// Makes middleware that runs around the rest of the path.
    ///
    /// Not calling `next` skips the handler, and returning then counts as handled.
    public static func around(
        _ name: String,
        _ body: @escaping @Sendable (Delivery, Next) async throws -> Void
    ) -> HandleMiddleware {
        HandleMiddleware(name: name, body: body)
    }
}

extension Collection<HandleMiddleware> where SubSequence == ArraySlice<HandleMiddleware> {
    /// Runs a delivery through the middleware, the first one outermost, and then through the handler.
    package func run(_ delivery: Delivery, end: HandleMiddleware.Next) async throws {
        guard let first = self.first else { return try await end(delivery) }
        let rest = self.dropFirst()
        try await first.body(delivery) { try await rest.run($0, end: end) }
    }
}
