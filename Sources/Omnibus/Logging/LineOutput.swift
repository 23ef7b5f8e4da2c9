// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Writes whole lines to a file, a stream or a function, and counts those that it could not write.
final class LineOutput: Sendable {
    private struct State {
        var lost = 0
        var failure: String?
        /// Whether the last line was written in part, so that the next one has to begin on a line of its own.
        var isInsideLine = false
    }

    private enum Target: Sendable {
        case descriptor(Int32, isOwned: Bool)
        case function(@Sendable (String) -> Void)
    }

    private let target: Target
    private let state = Mutex(State())

    init(_ destination: LogDestination) throws(OmnibusError) {
        switch destination {
        case .standardOutput: self.target = .descriptor(STDOUT_FILENO, isOwned: false)
        case .standardError: self.target = .descriptor(STDERR_FILENO, isOwned: false)
        case .lines(let write): self.target = .function(write)
        case .file(let path):
            // Bytes that are no path for the system end at a zero, which would be another file.
            guard !path.isEmpty, !path.utf8.contains(0) else {
                throw OmnibusError(.invalidSettings, "The path of the log file is empty, or holds a zero byte.")
            }
            let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
            guard descriptor >= 0 else {
                throw OmnibusError(
                    .invalidSettings,
                    "The log file '\(path)' cannot be written: \(Self.reason). Check the path and who may write there."
                )
            }
            self.target = .descriptor(descriptor, isOwned: true)
        }
    }

    deinit {
        if case .descriptor(let descriptor, isOwned: true) = self.target { close(descriptor) }
    }

    var lostLines: Int { self.state.withLock { $0.lost } }
    var lastFailure: String? { self.state.withLock { $0.failure } }

    func write(_ line: String) {
        switch self.target {
        case .function(let write): write(line)
        case .descriptor(let descriptor, _): self.write(Array(line.utf8) + [0x0A], to: descriptor)
        }
    }

    private func write(_ line: [UInt8], to descriptor: Int32) {
        // The lock is held while the system writes, so that lines do not mix; nothing of a user's runs under it.
        self.state.withLock { state in
            var bytes = state.isInsideLine ? [0x0A] + line : line
            while !bytes.isEmpty {
                #if canImport(Darwin)
                    let count = Darwin.write(descriptor, bytes, bytes.count)
                #elseif canImport(Glibc)
                    let count = Glibc.write(descriptor, bytes, bytes.count)
                #else
                    let count = Musl.write(descriptor, bytes, bytes.count)
                #endif
                if count > 0 {
                    bytes.removeFirst(count)
                    state.isInsideLine = !bytes.isEmpty
                } else if count == 0 || errno != EINTR {
                    state.lost += 1
                    state.failure = Self.reason
                    return
                }
            }
        }
    }

    private static var reason: String { String(cString: strerror(errno)) }
}
