// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What will become of an enqueued message: its receipt, or the error why it was not accepted.
///
/// Dropping it changes nothing: the message is published all the same.
public struct PendingReceipt: Sendable {
    private enum Storage: Sendable {
        /// The message was accepted at once.
        case accepted(PublishReceipt)
        /// It is on its way.
        case promised(Promise)
    }

    private let storage: Storage

    /// Creates the receipt of a message that has been accepted.
    public init(_ receipt: PublishReceipt) {
        self.storage = .accepted(receipt)
    }

    /// Creates the receipt of a message that is on its way, for those who write a publisher.
    public init(_ promise: Promise) {
        self.storage = .promised(promise)
    }

    /// What has become of the message; nil while it is on its way.
    public var outcome: Result<PublishReceipt, OmnibusError>? {
        switch self.storage {
        case .accepted(let receipt): .success(receipt)
        case .promised(let promise): promise.outcome
        }
    }

    /// Waits until the message has been accepted, and returns its receipt. Any number of tasks may wait, and again.
    ///
    /// - Throws: ``OmnibusError`` with the code of whatever kept the message from being accepted (`overflow`,
    ///   `partiallyAccepted`, `busClosed` and so on); `cancelled` where ``cancel()`` took it back, or when the calling
    ///   task is cancelled, and the message goes on its way.
    public func value() async throws(OmnibusError) -> PublishReceipt {
        switch self.storage {
        case .accepted(let receipt): return receipt
        case .promised(let promise): return try await promise.value()
        }
    }

    /// Calls a function once if the message is refused, in the thread where that is found out.
    package func whenFailed(_ action: @escaping @Sendable () -> Void) {
        if case .promised(let promise) = self.storage { promise.whenFailed(action) }
    }

    /// Takes the message back if nobody has been offered it yet; returns whether that was so.
    ///
    /// Whoever waits for it gets an error with the code `cancelled`. Those behind it go on.
    @discardableResult
    public func cancel() -> Bool {
        guard case .promised(let promise) = self.storage else { return false }
        return promise.cancel()
    }

    /// The side of a receipt that provides it.
    public final class Promise: Sendable {
        private struct State {
            var outcome: Result<PublishReceipt, OmnibusError>?
            var waiters: [Pending<Result<PublishReceipt, OmnibusError>>] = []
            var whenFailed: [@Sendable () -> Void] = []
        }

        private let state = Mutex(State())
        private let whenCancelled: @Sendable () -> Bool

        /// Creates the promise of a receipt.
        ///
        /// - Parameter whenCancelled: takes the message back, and returns whether that was possible.
        public init(whenCancelled: @escaping @Sendable () -> Bool = { false }) {
            self.whenCancelled = whenCancelled
        }

        /// Provides what has become of the message; the first call counts.
        public func resolve(_ outcome: Result<PublishReceipt, OmnibusError>) {
            let before = self.state.withLock { state -> State? in
                guard state.outcome == nil else { return nil }
                defer { state = State(outcome: outcome) }
                return state
            }
            guard let before else { return }
            for waiter in before.waiters { waiter.resolve(outcome) }
            if case .failure = outcome { for action in before.whenFailed { action() } }
        }

        /// Calls a function once the message was refused, at once where it has been.
        fileprivate func whenFailed(_ action: @escaping @Sendable () -> Void) {
            let isFailed = self.state.withLock { state -> Bool in
                switch state.outcome {
                case .failure: return true
                case .success: return false
                case nil:
                    state.whenFailed.append(action)
                    return false
                }
            }
            if isFailed { action() }
        }

        fileprivate var outcome: Result<PublishReceipt, OmnibusError>? { self.state.withLock { $0.outcome } }

        fileprivate func value() async throws(OmnibusError) -> PublishReceipt {
            let pending = Pending<Result<PublishReceipt, OmnibusError>>()
            let known = self.state.withLock { state in
                if state.outcome == nil { state.waiters.append(pending) }
                return state.outcome
            }
            if let known { return try known.get() }
            let cancelled = OmnibusError(
                .cancelled,
                "The task was cancelled while it waited for a receipt; the message goes on its way."
            )
            let outcome = await pending.value(whenCancelled: .failure(cancelled))
            self.state.withLock { state in state.waiters.removeAll { $0 === pending } }
            return try outcome.get()
        }

        fileprivate func cancel() -> Bool {
            guard self.whenCancelled() else { return false }
            self.resolve(.failure(OmnibusError(.cancelled, "The message was taken back before it was published.")))
            return true
        }
    }
}
