// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Why the system did not do something.
struct SystemFault: Error, CustomStringConvertible {
    let number: Int32

    /// What the last call that failed in this thread has left behind, unless said otherwise.
    init(_ number: Int32 = errno) {
        self.number = number
    }

    /// The system's words for it.
    var description: String {
        self.number == ENXIO ? "It is a pipe that nobody reads, or no device" : String(cString: strerror(self.number))
    }

    /// Whether there is nothing at a path.
    var isMissing: Bool { self.number == ENOENT || self.number == ENOTDIR }
}
