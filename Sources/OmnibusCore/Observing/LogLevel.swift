// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// How much a log line matters.
public enum LogLevel: Int, Sendable, Hashable, CaseIterable {
    /// Every step, for whoever follows one message.
    case trace
    /// What helps to find a mistake.
    case debug
    /// What happens in the normal course.
    case info
    /// What may become an error, and has not yet.
    case warning
    /// Something has failed.
    case error
    /// Nothing goes on without help.
    case critical

    /// The level's name, such as `info`.
    public var name: String { "\(self)" }

    /// Creates the level of a name, in any case; `warn` and `fatal` are understood too. Nil if there is none.
    public init?(name: String) {
        switch name.lowercased() {
        case "trace": self = .trace
        case "debug": self = .debug
        case "info": self = .info
        case "warning", "warn": self = .warning
        case "error": self = .error
        case "critical", "fatal": self = .critical
        default: return nil
        }
    }
}

extension LogLevel: Comparable {
    /// Tells whether one level matters less than another.
    public static func < (left: LogLevel, right: LogLevel) -> Bool { left.rawValue < right.rawValue }
}

extension LogLevel: Codable {
    /// Reads a level from its name.
    ///
    /// - Throws: `DecodingError` where the text is no level.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let level = LogLevel(name: try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "a log level is trace, debug, info, warning, error or critical"
            )
        }
        self = level
    }

    /// Writes the level as its name.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(self.name)
    }
}
