// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// Writes log lines as JSON, an object a line.
///
/// ```json
/// {"time":"2026-02-28T09:30:00.25Z","level":"warning","message":"…","data":{"kind":"slow","count":3072}}
/// ```
///
/// Lines of several threads do not mix. What cannot be written is lost and counted. A line takes as long as the system
/// needs for it, and those of other threads wait so long: where the standard output or error is a pipe that its reader
/// leaves full, that is until it reads on. A pipe that the log has opened itself, by its path, keeps nobody waiting:
/// while it is full, lines are lost.
public final class JSONLinesLog: EventBusLogEmitter, LineLog {
    /// The least that is written.
    public let level: LogLevel

    let output: LineOutput
    private let clock: any BusClock

    /// Creates a log.
    ///
    /// - Parameters:
    ///   - level: the least that is written.
    ///   - clock: where the time of a line comes from.
    /// - Throws: ``OmnibusError`` with the code `invalidSettings` for a file that cannot be opened for writing, such as a
    ///   pipe that nobody reads, naming it and the reason.
    public init(
        level: LogLevel = .info,
        to destination: LogDestination = .standardError,
        clock: any BusClock = BusEnvironment.live.clock
    ) throws(OmnibusError) {
        self.level = level
        self.clock = clock
        self.output = try LineOutput(destination)
    }

    /// Writes a line, if it matters enough.
    public func emit(_ level: LogLevel, _ message: String, _ data: JSONObject) {
        guard level >= self.level else { return }
        var members: JSONObject = [
            "time": .string(self.clock.now.description), "level": .string(level.name), "message": .string(message),
        ]
        if !data.isEmpty { members["data"] = .object(data) }
        // A number that JSON cannot say must not cost the line.
        let text = (try? JSONValue.object(members).text()) ?? Self.text(without: members)
        self.output.write(text)
    }

    /// How many lines could not be written, because the disk is full or the reader gone.
    public var lostLines: Int { self.output.lostLines }

    /// Why the last line that was lost could not be written; nil where none was.
    public var lastFailure: String? { self.output.lastFailure }

    private static func text(without members: JSONObject) -> String {
        var members = members
        members["data"] = .string(JSONValue.object(members["data"]?.objectValue ?? [:]).description)
        return (try? JSONValue.object(members).text()) ?? ""
    }
}
