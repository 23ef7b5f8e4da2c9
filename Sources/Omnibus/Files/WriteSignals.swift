// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The signals with which a system ends a process that writes where nobody reads, or more than a file may hold.
///
/// They go to the thread that writes, beside the error, which is enough. How the program handles them elsewhere is its
/// own affair: here they are only held back while a thread writes, and those that writing has caused are taken.
enum WriteSignals {
    /// Calls a function that writes, and keeps the signals that it causes from the process.
    static func withheld(
        _ write: () -> (taken: Int, fault: SystemFault?)
    ) -> (taken: Int, fault: SystemFault?) {
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGPIPE)
        sigaddset(&signals, SIGXFSZ)
        // What waits already is not of our making, and not ours to take.
        var earlier = sigset_t()
        sigemptyset(&earlier)
        sigpending(&earlier)
        var mask = sigset_t()
        sigemptyset(&mask)
        guard pthread_sigmask(SIG_BLOCK, &signals, &mask) == 0 else { return write() }
        let result = write()
        switch result.fault?.number {
        case EPIPE: Self.take(SIGPIPE, unlessIn: &earlier)
        case EFBIG: Self.take(SIGXFSZ, unlessIn: &earlier)
        default: break
        }
        pthread_sigmask(SIG_SETMASK, &mask, nil)
        return result
    }

    private static func take(_ signal: Int32, unlessIn earlier: inout sigset_t) {
        guard sigismember(&earlier, signal) != 1 else { return }
        var wanted = sigset_t()
        sigemptyset(&wanted)
        sigaddset(&wanted, signal)
        #if canImport(Darwin)
            var pending = sigset_t()
            sigemptyset(&pending)
            var taken: Int32 = 0
            if sigpending(&pending) == 0, sigismember(&pending, signal) == 1 { sigwait(&wanted, &taken) }
        #else
            var none = timespec(tv_sec: 0, tv_nsec: 0)
            while sigtimedwait(&wanted, nil, &none) < 0, errno == EINTR {}
        #endif
    }
}
