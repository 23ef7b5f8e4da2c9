// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// How urgent a message is, against others in the same queue.
///
/// A critical message goes through a lane of its own and overtakes a backlog, whatever holds the rest back; after 64 of
/// them, one of the others has its turn. Of these the most urgent go first, eight before one of those that had to wait. Messages of one
/// priority keep the order in which they came.
public enum Priority: Int8, Sendable, Hashable, CaseIterable {
    /// Can wait behind everything else.
    case low = 0
    /// What a message has unless it says otherwise.
    case normal = 1
    /// More urgent than normal and low.
    case high = 2
    /// Goes before everything, through a lane of its own.
    case critical = 3

    /// The priority's name: `low`, `normal`, `high` or `critical`.
    public var name: String {
        switch self {
        case .low: "low"
        case .normal: "normal"
        case .high: "high"
        case .critical: "critical"
        }
    }

    /// Creates the priority of that name, or nothing if there is none.
    public init?(name: String) {
        switch name {
        case "low": self = .low
        case "normal": self = .normal
        case "high": self = .high
        case "critical": self = .critical
        default: return nil
        }
    }
}

extension Priority: Comparable {
    /// Tells whether one priority is less urgent than another.
    public static func < (left: Priority, right: Priority) -> Bool {
        left.rawValue < right.rawValue
    }
}

extension Priority: CustomStringConvertible {
    /// The name of the priority, for people.
    public var description: String { self.name }
}

extension Priority: Codable {
    /// Reads a priority from its name.
    ///
    /// - Throws: `DecodingError` where the text is no priority.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let name = try container.decode(String.self)
        guard let priority = Priority(name: name) else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "a priority is low, normal, high or critical"
            )
        }
        self = priority
    }

    /// Writes the priority as its name.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(self.name)
    }
}
