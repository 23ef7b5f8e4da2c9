// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// An open file, stream or device that bytes are added to; whoever has opened it closes it.
struct OutputDescriptor: Sendable {
    let number: Int32

    /// Stands for what is open already, such as the standard output.
    init(_ number: Int32) {
        self.number = number
    }

    /// Opens the end of what is at a path, a file being made where there is nothing. It never waits.
    init(opening path: String) throws(SystemFault) {
        // Without O_NONBLOCK, a pipe that nobody reads would wait for a reader.
        let number = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0o644)
        guard number >= 0 else { throw SystemFault() }
        self.number = number
    }

    /// Whether a path is one for the system, for which it ends at a zero byte: that would be another file.
    static func isPath(_ path: String) -> Bool {
        !path.isEmpty && !path.utf8.contains(0)
    }

    var facts: FileFacts {
        get throws(SystemFault) { try FileFacts(of: self.number) }
    }

    /// The facts of what was just opened, which is closed where the system does not tell them.
    var openedFacts: FileFacts {
        get throws(SystemFault) {
            do throws(SystemFault) {
                return try self.facts
            } catch {
                self.closeFile()
                throw error
            }
        }
    }

    func closeFile() {
        close(self.number)
    }

    /// Has writes wait until there is room, as those to a terminal should.
    func waitForRoom() {
        let flags = fcntl(self.number, F_GETFL)
        if flags >= 0, flags & O_NONBLOCK != 0 { _ = fcntl(self.number, F_SETFL, flags & ~O_NONBLOCK) }
    }

    /// Adds bytes, and says how many were taken, and why the others were not.
    ///
    /// A reader that is gone and a file that may not grow are faults like others; they do not end the process.
    func append(_ bytes: [UInt8]) -> (taken: Int, fault: SystemFault?) {
        WriteSignals.withheld {
            var taken = 0
            while taken < bytes.count {
                let count = bytes.withUnsafeBytes { place in
                    write(self.number, place.baseAddress?.advanced(by: taken), bytes.count - taken)
                }
                if count > 0 {
                    taken += count
                } else if count == 0 || errno != EINTR {
                    return (taken, SystemFault(count == 0 ? EIO : errno))
                }
            }
            return (taken, nil)
        }
    }

    /// Whether the file at a path ends within a line, as after a crash; so one that cannot be read is taken to do.
    static func endsWithinLine(_ path: String, size: Int64) -> Bool {
        guard size > 0 else { return false }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
        guard descriptor >= 0 else { return true }
        defer { close(descriptor) }
        var last: UInt8 = 0
        return pread(descriptor, &last, 1, off_t(size - 1)) != 1 || last != 0x0A
    }
}
