// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The audit log: a sink that adds each message to a file, as a line of JSON.
///
/// ```json
/// {"id":"0199…","topic":"order.placed","time":"2026-11-21T10:00:00Z","headers":{"version":"1.4.0"},"payload":{"order":7}}
/// ```
///
/// When the file would become larger than it may, it is renamed to `….1`, an older one to `….2`, and so on; when there
/// are as many as there may be, the oldest goes. One that was moved away or removed is made anew for the next line.
///
/// A file has one writer, which locks it (`flock`): a second sink for the same file is refused, in this process and in
/// others.
///
/// A message is acknowledged when the system has its line, or with `flushes` when `fsync` has said that the disk has it.
/// Each message that was acknowledged has a line. It may have two: where the process ended before it could acknowledge,
/// and where the system neither wrote a line to the disk nor took it back.
public final class JSONLinesSink: EventSink {
    /// The name under which it is listed.
    public let name: String

    /// The file, behind a lock: `Mutex` holds what cannot be copied.
    private let file: Mutex<RotatingFile>

    /// Opens the file, which is made where there is none.
    ///
    /// - Parameters:
    ///   - path: where the file is. Only a file will do, which can be renamed: no pipe, no device.
    ///   - maximumBytes: how large one file may become; a line that is larger has a file of its own.
    ///   - maximumFiles: how many files there are at most, the one that is written to included; from 1 to 10,000.
    ///   - flushes: whether a message is acknowledged only when the disk has its line, which is slow.
    /// - Throws: ``OmnibusError`` with the code `invalidSettings`, for what is no file and for one that somebody else
    ///   writes too, or `sinkFailed` for a file that cannot be opened, naming it and the system's reason.
    public init(
        _ name: String = "audit log",
        path: String,
        maximumBytes: Int = 64 * 1_024 * 1_024,
        maximumFiles: Int = 8,
        flushes: Bool = false
    ) throws(OmnibusError) {
        self.name = name
        self.file = Mutex(
            try RotatingFile(path: path, maximumBytes: maximumBytes, maximumFiles: maximumFiles, flushes: flushes)
        )
    }

    /// Adds the message to the file.
    ///
    /// - Throws: ``OmnibusError`` with the code `sinkFailed` where the file cannot be written, the disk being full
    ///   for instance, `invalidSettings` where it was moved away and somebody else writes the new one, or `unencodable`.
    ///   Nothing of the line is there then, unless the system does not let it be taken back.
    public func receive(_ message: Message) async throws {
        let line = try message.auditLine()
        // Only the system's calls run under the lock, so that lines do not mix.
        try self.file.withLock { file throws(OmnibusError) in try file.append(line) }
    }
}

extension Message {
    /// The message as one line of JSON, without its end: what is not set is left out.
    ///
    /// A payload that is no JSON is the base64 of its bytes, as `payload_base64`.
    func auditLine() throws(OmnibusError) -> [UInt8] {
        var members: JSONObject = ["id": .string(self.id.description), "topic": .string(self.topic.name)]
        if self.type.rawValue != self.topic.name { members["type"] = .string(self.type.rawValue) }
        members["time"] = (self.acceptedAt ?? self.createdAt).map { .string($0.description) }
        members["source"] = self.source.map { .string($0) }
        members["subject"] = self.subject.map { .string($0) }
        members["key"] = self.key.map { .string($0) }
        members["correlation_id"] = self.storedCorrelationID.map { .string($0.description) }
        members["causation_id"] = self.causationID.map { .string($0.description) }
        if self.priority != .normal { members["priority"] = .string(self.priority.name) }
        if !self.headers.isEmpty {
            members["headers"] = .object(JSONObject(self.headers.map { ($0.name, $0.value.auditValue) }))
        }
        if let json = try? self.payload.json() {
            members["payload"] = json
        } else {
            members["payload_base64"] = .string(Base64.encode(try self.payload.bytes()))
        }
        do {
            return try JSONValue.object(members).bytes()
        } catch {
            throw OmnibusError(
                .unencodable,
                "The message for '\(self.topic)' cannot be written as JSON; see the cause.",
                advice: .deadLetter,
                cause: error
            )
        }
    }
}

extension HeaderValue {
    fileprivate var auditValue: JSONValue {
        switch self {
        case .text(let text): .string(text)
        case .integer(let integer): .integer(integer)
        case .double(let double): .number(double)
        case .boolean(let boolean): .bool(boolean)
        case .bytes(let bytes): .string(Base64.encode(bytes))
        }
    }
}
