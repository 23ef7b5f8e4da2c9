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
/// Whoever uses it sees to it that one thread does so at a time; that it is one writer in all, a lock on the file sees to.
/// The file is looked at before each line: where it was moved away or removed, a new one is made.
///
/// Making room begins with `log` becoming `log.rotating`. When that fails, nothing has changed; when the process ends
/// before it is `log.1`, the next time goes on with it. Names are shifted up to the first one that is free, so that
/// trying again shifts nothing twice, and the oldest file goes only where all names are taken.
struct RotatingFile: ~Copyable {
    /// How many files there may be at most; each name is looked at when room is made.
    static let filesLimit = 10_000

    private struct OpenFile {
        let descriptor: OutputDescriptor
        let facts: FileFacts
        /// Where the file ends; negative where that has to be looked at again.
        var end: Int64
        /// Whether what is there ends in the middle of a line, so that the next one has to begin on one of its own.
        var isWithinLine: Bool
    }

    private let path: String
    private let maximumBytes: Int
    private let maximumFiles: Int
    private let flushes: Bool
    private let flush: @Sendable (Int32) -> Int32
    private var file: OpenFile?

    /// Opens the end of a file, which is made where there is none, and locks it.
    ///
    /// - Parameters:
    ///   - flushes: whether a line is there only when the disk has it.
    ///   - flush: the system's call for that.
    init(
        path: String,
        maximumBytes: Int,
        maximumFiles: Int,
        flushes: Bool = false,
        flush: @escaping @Sendable (Int32) -> Int32 = { fsync($0) }
    ) throws(OmnibusError) {
        self.path = path
        self.maximumBytes = maximumBytes
        self.maximumFiles = maximumFiles
        self.flushes = flushes
        self.flush = flush
        guard OutputDescriptor.isPath(path) else {
            throw OmnibusError(.invalidSettings, "The path of the log file is empty, or holds a zero byte.")
        }
        guard maximumBytes > 0, 1...Self.filesLimit ~= maximumFiles else {
            throw OmnibusError(
                .invalidSettings,
                """
                'maximumBytes' is \(maximumBytes) and 'maximumFiles' is \(maximumFiles); the first must be positive, \
                the second from 1 to \(Self.filesLimit).
                """
            )
        }
        try self.openFile()
    }

    deinit {
        if let file = self.file { Self.close(file) }
    }

    /// Adds a line, without its end; the file makes room for a new one first where it would become too large.
    ///
    /// - Throws: ``OmnibusError`` with the code `sinkFailed`, naming the file and the system's reason, or
    ///   `invalidSettings` where somebody else writes the file meanwhile. Nothing of the line is there then, unless the
    ///   system does not let it be taken back either; the next line is one of its own nevertheless.
    mutating func append(_ line: [UInt8]) throws(OmnibusError) {
        var file = try self.currentFile()
        var bytes = line + [0x0A]
        if file.end > 0, file.end + Int64(bytes.count) > Int64(self.maximumBytes) { file = try self.rotate() }
        if file.isWithinLine { bytes.insert(0x0A, at: 0) }

        let (taken, fault) = file.descriptor.append(bytes)
        if let fault {
            self.takeBack(taken)
            throw self.error("cannot be written: \(fault)")
        }
        if self.flushes, let fault = self.flushFault(file.descriptor) {
            self.takeBack(taken)
            throw self.error("cannot be flushed: \(fault)")
        }
        self.file?.end += Int64(taken)
        self.file?.isWithinLine = false
    }

    private func flushFault(_ descriptor: OutputDescriptor) -> SystemFault? {
        while self.flush(descriptor.number) != 0 {
            let fault = SystemFault()
            if fault.number != EINTR { return fault }
        }
        return nil
    }

    /// Cuts off what was written last, unless the file holds more than that and what was there before.
    private mutating func takeBack(_ count: Int) {
        guard count > 0, let file = self.file else { return }
        let isLast = (try? file.descriptor.facts)?.size == file.end + Int64(count)
        if !isLast || ftruncate(file.descriptor.number, off_t(file.end)) != 0 { self.file?.end = -1 }
    }

    // MARK: Opening

    /// The file that has the path: another one than before where that was moved away or removed.
    private mutating func currentFile() throws(OmnibusError) -> OpenFile {
        guard var file = self.file, let facts = try? FileFacts(at: self.path), facts.areOfSameFile(as: file.facts)
        else {
            return try self.openFile()
        }
        if facts.size != file.end {
            file.end = facts.size
            file.isWithinLine = OutputDescriptor.endsWithinLine(self.path, size: facts.size)
            self.file = file
        }
        return file
    }

    @discardableResult
    private mutating func openFile() throws(OmnibusError) -> OpenFile {
        if let file = self.file { Self.close(file) }
        self.file = nil
        let file = try self.openedFile()
        self.file = file
        return file
    }

    private func openedFile() throws(OmnibusError) -> OpenFile {
        let descriptor: OutputDescriptor
        let facts: FileFacts
        do throws(SystemFault) {
            descriptor = try OutputDescriptor(opening: self.path)
            facts = try descriptor.openedFacts
        } catch {
            throw self.error("cannot be opened: \(error)")
        }
        do throws(OmnibusError) {
            guard facts.kind == .file else {
                throw self.refusal("is \(facts.kind.rawValue); hand in the path of a file, which can be renamed")
            }
            try self.lock(descriptor)
            descriptor.waitForRoom()
            let isWithinLine = OutputDescriptor.endsWithinLine(self.path, size: facts.size)
            return OpenFile(descriptor: descriptor, facts: facts, end: facts.size, isWithinLine: isWithinLine)
        } catch {
            descriptor.closeFile()
            throw error
        }
    }

    private func lock(_ descriptor: OutputDescriptor) throws(OmnibusError) {
        while flock(descriptor.number, LOCK_EX | LOCK_NB) != 0 {
            let fault = SystemFault()
            if fault.number == EINTR { continue }
            guard fault.number == EWOULDBLOCK else { throw self.error("cannot be locked: \(fault)") }
            throw self.refusal("is written by somebody else; share one sink, or give each writer a file of its own")
        }
    }

    private static func close(_ file: OpenFile) {
        // A process that is being started may still have a copy of the descriptor, which would keep the lock.
        _ = flock(file.descriptor.number, LOCK_UN)
        file.descriptor.closeFile()
    }

    // MARK: Making room

    private mutating func rotate() throws(OmnibusError) -> OpenFile {
        // Where the path is a symbolic link, the file makes room where it is, and the link stays.
        try self.makeRoom(at: Self.resolved(self.path))
        return try self.openFile()
    }

    private func makeRoom(at path: String) throws(OmnibusError) {
        let aside = path + ".rotating"
        // Left behind by a process that ended meanwhile.
        if try self.isFile(aside) { try self.place(aside, at: path) }
        guard self.maximumFiles > 1 else { return try self.remove(path) }
        try self.move(path, to: aside)
        do throws(OmnibusError) {
            try self.place(aside, at: path)
        } catch {
            if (try? self.isFile(path)) == false { try? self.move(aside, to: path) }
            throw error
        }
    }

    /// Makes a file the first of the older ones.
    private func place(_ file: String, at path: String) throws(OmnibusError) {
        guard self.maximumFiles > 1 else { return try self.remove(file) }
        let last = self.maximumFiles - 1
        var free = 1
        // Where none is free, it is the last one, whose file goes.
        while try self.isFile("\(path).\(free)"), free < last { free += 1 }
        for number in stride(from: free, to: 1, by: -1) {
            try self.move("\(path).\(number - 1)", to: "\(path).\(number)")
        }
        try self.move(file, to: "\(path).1")
    }

    /// Whether there is a file, and not nothing; anything else is in the way, and is left alone.
    private func isFile(_ path: String) throws(OmnibusError) -> Bool {
        let kind: FileFacts.Kind?
        do throws(SystemFault) {
            kind = try FileFacts.kind(at: path)
        } catch {
            throw self.error("cannot make room, because '\(path)' cannot be looked at: \(error)")
        }
        guard let kind, kind != .file else { return kind != nil }
        throw self.error("cannot make room, because '\(path)' is \(kind.rawValue)")
    }

    private func move(_ path: String, to other: String) throws(OmnibusError) {
        guard rename(path, other) != 0 else { return }
        throw self.error("cannot make room, because '\(path)' cannot be renamed: \(SystemFault())")
    }

    private func remove(_ path: String) throws(OmnibusError) {
        guard unlink(path) != 0, errno != ENOENT else { return }
        throw self.error("cannot make room, because '\(path)' cannot be removed: \(SystemFault())")
    }

    private static func resolved(_ path: String) -> String {
        guard let resolved = realpath(path, nil) else { return path }
        // The system has allocated it for us.
        defer { free(resolved) }
        return String(cString: resolved)
    }

    // MARK: Errors

    private func error(_ fault: String) -> OmnibusError {
        OmnibusError(
            .sinkFailed,
            "The log file '\(self.path)' \(fault). Check the path, the space on the disk and who may write there.",
            advice: .retry(after: nil)
        )
    }

    private func refusal(_ fault: String) -> OmnibusError {
        OmnibusError(.invalidSettings, "The log file '\(self.path)' \(fault).", advice: .retry(after: nil))
    }
}
