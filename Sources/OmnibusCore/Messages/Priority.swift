// Part of Omnibus, an event bus that a Swift program links and runs inside itself.
// SPDX-License-Identifier: Apache-2.0

/// How urgent a message is, against others in the same queue.
///
/// A critical message goes through the control lane: it overtakes a backlog and ignores keys.
public enum Priority: Int8, Sendable, Hashable, CaseIterable {
    /// Can wait behind everything else; has a guaranteed share all the same.
    case low = 0
    /// What a message has unless it says otherwise.
    case normal = 1
    /// Goes before normal and low.
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
    public static func < (left: Priority, right: Priority) -> Bool {
        left.rawValue < right.rawValue
    }
}

extension Priority: CustomStringConvertible {
    public var description: String { self.name }
}

extension Priority: Codable {
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

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(self.name)
    }
}
