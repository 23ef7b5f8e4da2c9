// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// A named function around publishing: it may change the message, refuse it, or look at what became of it.
///
/// It is made from a synchronous or an asynchronous function; `publishNow`, which must not suspend, works with the
/// synchronous kind alone.
public struct PublishMiddleware: Sendable {
    /// Goes on to the rest of the path.
    public typealias Next = (Message) async throws -> PublishReceipt

    package enum Kind: Sendable {
        case changing(@Sendable (inout Message) throws -> Void)
        case filtering(@Sendable (Message) -> Bool)
        case around(@Sendable (Message, Next) async throws -> PublishReceipt)
    }

    /// The name under which it is listed.
    public let name: String
    package let kind: Kind

    /// Makes middleware that changes a message, or refuses it by throwing, without suspending.
    public static func changing(
        _ name: String,
        _ body: @escaping @Sendable (inout Message) throws -> Void
    ) -> PublishMiddleware {
        PublishMiddleware(name: name, kind: .changing(body))
    }

    /// Makes middleware that lets messages through or not, without suspending.
    ///
    /// The publish of one that is kept back returns a receipt with nobody matched, and is not counted.
    public static func filtering(
        _ name: String,
        _ body: @escaping @Sendable (Message) -> Bool
    ) -> PublishMiddleware {
        PublishMiddleware(name: name, kind: .filtering(body))
    }

    /// Makes middleware that runs around the rest of the path; not calling `next` keeps the message from it.
    public static func around(
        _ name: String,
        _ body: @escaping @Sendable (Message, Next) async throws -> PublishReceipt
    ) -> PublishMiddleware {
        PublishMiddleware(name: name, kind: .around(body))
    }
}

extension [PublishMiddleware] {
    /// The first one that may suspend.
    package var firstAsynchronous: PublishMiddleware? {
        self.first { if case .around = $0.kind { true } else { false } }
    }

    /// Applies middleware that never suspends; returns false where it keeps the message back.
    package func apply(to message: inout Message) throws -> Bool {
        for middleware in self {
            switch middleware.kind {
            case .changing(let change): try change(&message)
            case .filtering(let wants): if !wants(message) { return false }
            case .around: break
            }
        }
        return true
    }

    /// Runs a message through the middleware, the first one outermost, and then through the end of the path.
    package func run(_ message: Message, end: PublishMiddleware.Next) async throws -> PublishReceipt {
        try await self[...].run(message, end: end)
    }
}

extension ArraySlice<PublishMiddleware> {
    fileprivate func run(_ message: Message, end: PublishMiddleware.Next) async throws -> PublishReceipt {
        guard let first = self.first else { return try await end(message) }
        switch first.kind {
        case .changing(let change):
            var changed = message
            try change(&changed)
            return try await self.dropFirst().run(changed, end: end)
        case .filtering(let wants):
            guard wants(message) else { return .keptBack(message) }
            return try await self.dropFirst().run(message, end: end)
        case .around(let body):
            let rest = self.dropFirst()
            return try await body(message) { try await rest.run($0, end: end) }
        }
    }
}

extension PublishReceipt {
    /// What a publish returns whose message a filter keeps back: its id is the message's own, empty where it has none yet.
    package static func keptBack(_ message: Message) -> PublishReceipt {
        PublishReceipt(messageID: message.id, matched: 0)
    }
}
