// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A request that is handled in place, and who waits for its answer.
///
/// Design note: the bus works with this class, which knows no types, so that its code is compiled once; only what makes
/// the request, handles it and takes the answer is generic.
@usableFromInline
class PlacedRequest: @unchecked Sendable {
    // SAFETY: `failure`, and what subclasses add, is written by the handler's task before the state says so under the
    // lock, and read by the requester, who takes the reply, after it has seen that; where it never does, nobody but the
    // handler's task touches them.

    private enum State {
        case open
        case waiting(UnsafeContinuation<Bool, Never>)
        case handled
        /// The requester does not wait any more.
        case abandoned(OmnibusError)
    }

    final let kind: Responder.Kind
    @exclusivity(unchecked) final var failure: (any Error)?
    private final let state = Mutex(State.open)

    @usableFromInline
    init(kind: Responder.Kind) {
        self.kind = kind
    }

    /// Has a handler of the request's kind handle it, and notes what it returns or throws.
    func handle(by handler: AnyObject) async {}

    /// The same with a handler that never suspends.
    func handleSynchronously(by handler: AnyObject) {}

    /// Says that the request was handled; returns whether somebody wants to know.
    final func finish() -> Bool {
        let (isWanted, waiter) = self.state.withLock { state -> (Bool, UnsafeContinuation<Bool, Never>?) in
            switch state {
            case .open:
                state = .handled
                return (true, nil)
            case .waiting(let continuation):
                state = .handled
                return (true, continuation)
            case .handled, .abandoned:
                return (false, nil)
            }
        }
        waiter?.resume(returning: true)
        return isWanted
    }

    /// Has the requester go on without an answer, unless there is one.
    final func abandon(_ error: OmnibusError) {
        let waiter = self.state.withLock { state -> UnsafeContinuation<Bool, Never>? in
            switch state {
            case .open:
                state = .abandoned(error)
                return nil
            case .waiting(let continuation):
                state = .abandoned(error)
                return continuation
            case .handled, .abandoned:
                return nil
            }
        }
        waiter?.resume(returning: true)
    }

    final var isHandled: Bool {
        self.state.withLock { state in
            if case .handled = state { true } else { false }
        }
    }

    /// Waits until the request was handled or abandoned; returns what it was abandoned with.
    final func wait() async -> OmnibusError? {
        _ = await withUnsafeContinuation { (continuation: UnsafeContinuation<Bool, Never>) in
            let isOver = self.state.withLock { state -> Bool in
                guard case .open = state else { return true }
                state = .waiting(continuation)
                return false
            }
            if isOver { continuation.resume(returning: true) }
        }
        return self.state.withLock { state in
            if case .abandoned(let reason) = state { reason } else { nil }
        }
    }
}

/// A request with its types.
///
/// Design note: the reply has a place of its own. Were it an optional here, where its type is not known, each access
/// would look up the type of the optional first, which takes as long as making the place.
@usableFromInline
final class TypedRequest<Request: Sendable, Reply: Sendable>: PlacedRequest, @unchecked Sendable {
    @usableFromInline let request: Request
    /// Where the reply lies; it is initialised where `hasReply` says so.
    @usableFromInline let place: UnsafeMutablePointer<Reply>
    @exclusivity(unchecked) @usableFromInline var hasReply = false

    @inlinable
    init(_ request: Request, on bus: EventBus) {
        self.request = request
        self.place = .allocate(capacity: 1)
        super.init(kind: Responder.Kind(Request.self, Reply.self, on: bus))
    }

    @usableFromInline
    deinit {
        if self.hasReply { self.place.deinitialize(count: 1) }
        self.place.deallocate()
    }

    /// What the handler has returned; nil where it has not, or somebody has it already.
    @inlinable
    func takeReply() -> Reply? {
        guard self.hasReply else { return nil }
        self.hasReply = false
        return self.place.move()
    }

    override func handle(by handler: AnyObject) async {
        do {
            self.place.initialize(to: try await self.typed(handler).handle(self.request))
            self.hasReply = true
        } catch {
            self.failure = error
        }
    }

    override func handleSynchronously(by handler: AnyObject) {
        guard let handle = self.typed(handler).synchronous else { return }
        do {
            self.place.initialize(to: try handle(self.request))
            self.hasReply = true
        } catch {
            self.failure = error
        }
    }

    private func typed(_ handler: AnyObject) -> RequestHandler<Request, Reply> {
        // The queue has compared the types.
        unsafeDowncast(handler, to: RequestHandler<Request, Reply>.self)
    }
}
