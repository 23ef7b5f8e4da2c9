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
    private enum Target: Sendable {
        case descriptor(OutputDescriptor, isOwned: Bool)
        case function(@Sendable (String) -> Void)
    }

    /// Where the lines go, for people.
    let name: String

    private let target: Target
    /// Whether what was written ends in the middle of a line, so that the next one has to begin on a line of its own.
    /// Held while the system writes, so that lines do not mix.
    private let isWithinLine: Mutex<Bool>
    /// Not behind the other lock: nobody who asks waits for a line.
    private let losses = Mutex<(count: Int, reason: String?)>((0, nil))

    init(_ destination: LogDestination) throws(OmnibusError) {
        var isWithinLine = false
        switch destination {
        case .standardOutput:
            self.name = "the standard output"
            self.target = .descriptor(OutputDescriptor(STDOUT_FILENO), isOwned: false)
        case .standardError:
            self.name = "the standard error"
            self.target = .descriptor(OutputDescriptor(STDERR_FILENO), isOwned: false)
        case .lines(let write):
            self.name = "a function"
            self.target = .function(write)
        case .file(let path):
            self.name = "the log file '\(path)'"
            let (descriptor, facts) = try Self.opened(path)
            if facts.kind == .file { isWithinLine = OutputDescriptor.endsWithinLine(path, size: facts.size) }
            self.target = .descriptor(descriptor, isOwned: true)
        }
        self.isWithinLine = Mutex(isWithinLine)
    }

    deinit {
        if case .descriptor(let descriptor, isOwned: true) = self.target { descriptor.closeFile() }
    }

    var lostLines: Int { self.lost.count }
    var lastFailure: String? { self.lost.reason }
    /// How many lines were lost, and why the last of them was.
    var lost: (count: Int, reason: String?) { self.losses.withLock { $0 } }

    func write(_ line: String) {
        switch self.target {
        case .function(let write): write(line)
        case .descriptor(let descriptor, _): self.write(Array(line.utf8) + [0x0A], to: descriptor)
        }
    }

    private func write(_ line: [UInt8], to descriptor: OutputDescriptor) {
        // Nothing of a user's runs under the lock.
        let fault = self.isWithinLine.withLock { isWithinLine in
            let bytes = isWithinLine ? [0x0A] + line : line
            let (taken, fault) = descriptor.append(bytes)
            if taken > 0 { isWithinLine = bytes[taken - 1] != 0x0A }
            return fault
        }
        guard let fault else { return }
        self.losses.withLock { $0 = ($0.count + 1, fault.description) }
    }

    private static func opened(_ path: String) throws(OmnibusError) -> (OutputDescriptor, FileFacts) {
        guard OutputDescriptor.isPath(path) else {
            throw OmnibusError(.invalidSettings, "The path of the log file is empty, or holds a zero byte.")
        }
        let descriptor: OutputDescriptor
        let facts: FileFacts
        do throws(SystemFault) {
            descriptor = try OutputDescriptor(opening: path)
            facts = try descriptor.openedFacts
        } catch {
            throw Self.error(path, "\(error)")
        }
        switch facts.kind {
        // A pipe stays as it was opened: one that is full loses lines, and keeps nobody waiting.
        case .pipe: break
        case .file, .device: descriptor.waitForRoom()
        default:
            descriptor.closeFile()
            throw Self.error(path, "it is \(facts.kind.rawValue)")
        }
        return (descriptor, facts)
    }

    private static func error(_ path: String, _ reason: String) -> OmnibusError {
        OmnibusError(
            .invalidSettings,
            "The log file '\(path)' cannot be written: \(reason). Check the path and who may write there."
        )
    }
}
