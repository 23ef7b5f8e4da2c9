// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// What lets somebody go on who waits for a queue; it is called once, with no lock held.
///
/// It counts no references, so that it costs nothing to hand it around.
package enum Waker: Sendable {
    /// A task that sleeps.
    case task(UnsafeContinuation<Bool, Never>)
    /// A worker that has had nothing to do so far, and is no task yet.
    case worker(Unmanaged<WaitingWorker>)

    /// Lets it go on; false means that there will be nothing any more, or that it has waited in vain.
    package func resume(returning value: Bool) {
        switch self {
        case .task(let continuation): continuation.resume(returning: value)
        case .worker(let worker): worker.takeRetainedValue().wake(value)
        }
    }
}

/// Somebody who will work for a queue as soon as there is something to do, and is no task until then.
package final class WaitingWorker: Sendable {
    fileprivate let wake: @Sendable (_ hasWork: Bool) -> Void

    /// - Parameter wake: called once: to begin, or because there will never be anything to do.
    package init(_ wake: @escaping @Sendable (_ hasWork: Bool) -> Void) {
        self.wake = wake
    }
}
