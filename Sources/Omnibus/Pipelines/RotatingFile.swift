// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A file that lines are added to, and that makes room for a new one when it is large: `log`, `log.1`, `log.2` and so on.
///
/// Whoever uses it sees to it that one thread does so at a time. A line is there whole, or not at all.
struct RotatingFile: ~Copyable {
    private let path: String
    private let maximumBytes: Int
    private let maximumFiles: Int
    private var descriptor: Int32 = -1
    private var size: Int64 = 0

    /// Opens the end of a file, which is made where there is none.
    init(path: String, maximumBytes: Int, maximumFiles: Int) throws(OmnibusError) {
        self.path = path
        self.maximumBytes = maximumBytes
        self.maximumFiles = maximumFiles
        // What is no path for the system ends at a zero, and would be another file.
        guard !path.isEmpty, !path.utf8.contains(0) else {
            throw OmnibusError(.invalidSettings, "The path of the log file is empty, or holds a zero byte.")
        }
        guard maximumBytes > 0, maximumFiles > 0 else {
            throw OmnibusError(
                .invalidSettings,
                "'maximumBytes' is \(maximumBytes) and 'maximumFiles' is \(maximumFiles); both must be positive."
            )
        }
        try self.openFile()
    }

    deinit {
        if self.descriptor >= 0 { close(self.descriptor) }
    }

    /// Adds a line, without its end; the file makes room for a new one first where it would become too large.
    ///
    /// - Throws: ``OmnibusError`` with the code `sinkFailed`, naming the file and the system's reason; nothing of
    ///   the line is there then.
    mutating func append(_ line: [UInt8]) throws(OmnibusError) {
        if self.descriptor < 0 { try self.openFile() }
        let bytes = line + [0x0A]
        if self.size > 0, self.size + Int64(bytes.count) > Int64(self.maximumBytes) { try self.rotate() }
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { place in
                write(self.descriptor, place.baseAddress?.advanced(by: written), bytes.count - written)
            }
            if count > 0 {
                written += count
            } else if count == 0 || errno != EINTR {
                let reason = Self.reason
                // Half a line would spoil the one that comes after it.
                if written > 0 { ftruncate(self.descriptor, off_t(self.size)) }
                throw self.error("cannot be written: \(reason)")
            }
        }
        self.size += Int64(bytes.count)
    }

    /// Waits until the system has everything on its disk.
    mutating func synchronize() throws(OmnibusError) {
        guard self.descriptor < 0 || fsync(self.descriptor) == 0 else {
            throw self.error("cannot be flushed: \(Self.reason)")
        }
    }

    private mutating func openFile() throws(OmnibusError) {
        let descriptor = open(self.path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw self.error("cannot be opened: \(Self.reason)") }
        let end = lseek(descriptor, 0, SEEK_END)
        guard end >= 0 else {
            let reason = Self.reason
            close(descriptor)
            throw self.error("is no file that lines can be added to: \(reason)")
        }
        self.descriptor = descriptor
        self.size = Int64(end)
    }

    /// Names each older file one higher, the oldest one going, and begins a new one.
    private mutating func rotate() throws(OmnibusError) {
        close(self.descriptor)
        self.descriptor = -1
        if self.maximumFiles == 1 {
            guard unlink(self.path) == 0 || errno == ENOENT else {
                throw self.error("cannot be removed to make room: \(Self.reason)")
            }
        } else {
            for number in (1..<self.maximumFiles).reversed() {
                let source = number == 1 ? self.path : "\(self.path).\(number - 1)"
                guard rename(source, "\(self.path).\(number)") == 0 || errno == ENOENT else {
                    throw self.error("cannot be renamed to make room: \(Self.reason)")
                }
            }
        }
        try self.openFile()
    }

    private func error(_ fault: String) -> OmnibusError {
        OmnibusError(
            .sinkFailed,
            "The log file '\(self.path)' \(fault). Check the path, the space on the disk and who may write there.",
            advice: .retry(after: nil)
        )
    }

    private static var reason: String { String(cString: strerror(errno)) }
}
