// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

public import CloudEvents

/// What is known of a message without its payload: enough to say what caused what.
public struct MessageFacts: Sendable, Hashable {
    /// The message's id.
    public var messageID: MessageID
    /// Where the message was published.
    public var topic: Topic
    /// The message's type.
    public var type: EventType
    /// When the message was accepted; nil where that is not known.
    public var time: Timestamp?
    /// The message that caused this one; nil where none has.
    public var causationID: MessageID?

    /// Takes down what is known of a message.
    public init(_ message: Message) {
        self.messageID = message.id
        self.topic = message.topic
        self.type = message.type
        self.time = message.acceptedAt ?? message.createdAt
        self.causationID = message.causationID
    }

    /// Takes down what an activity says of its message, which was accepted then.
    package init(_ activity: Activity) {
        self.messageID = activity.messageID
        self.topic = activity.topic
        self.type = activity.type
        self.time = activity.time
        self.causationID = activity.causationID
    }
}

/// The messages that led to a message, and all that they led to, as far as they are remembered.
///
/// ```
/// order.placed 0199…01 2026-11-21T10:00:00Z
///   order.paid 0199…02 2026-11-21T10:00:01Z
///     order.shipped 0199…04 2026-11-21T10:00:02Z  <- asked for
///   mail.sent 0199…03 2026-11-21T10:00:01Z
/// ```
public struct CauseTree: Sendable, Hashable {
    /// One message in the tree.
    public struct Node: Sendable, Hashable {
        /// The message.
        public var message: MessageFacts
        /// How many messages lead from the root to this one; the root's is 0.
        public var depth: Int
    }

    /// The messages, each one before those that it caused, and those of one cause in the order of their times.
    public let nodes: [Node]
    /// The message that was asked for.
    public let messageID: MessageID
    /// The cause of the first node, where it has one that nobody remembers.
    public let forgottenCause: MessageID?

    /// Makes the tree of a message; nil where it is not among what is remembered.
    ///
    /// Messages that name each other as their causes, in whatever way, are told once.
    ///
    /// - Complexity: O(n log n) in the messages that are remembered.
    public init?(of id: MessageID, among remembered: some Sequence<MessageFacts>) {
        var byID: [MessageID: MessageFacts] = [:]
        for message in remembered { byID[message.messageID] = message }
        guard let asked = byID[id] else { return nil }
        var root = asked
        var seen: Set<MessageID> = [id]
        while let cause = root.causationID, let above = byID[cause], seen.insert(cause).inserted { root = above }

        var effects: [MessageID: [MessageFacts]] = [:]
        for message in byID.values {
            if let cause = message.causationID { effects[cause, default: []].append(message) }
        }
        var nodes: [Node] = []
        // No recursion: a chain may be as long as there are messages.
        var open = [Node(message: root, depth: 0)]
        var told: Set<MessageID> = [root.messageID]
        while let node = open.popLast() {
            nodes.append(node)
            let next = (effects[node.message.messageID] ?? []).filter { told.insert($0.messageID).inserted }
            for effect in next.sorted(by: Self.isLater) { open.append(Node(message: effect, depth: node.depth + 1)) }
        }
        self.nodes = nodes
        self.messageID = id
        self.forgottenCause = root.causationID.flatMap { byID[$0] == nil ? $0 : nil }
    }

    private static func isLater(_ left: MessageFacts, _ right: MessageFacts) -> Bool {
        if let leftTime = left.time, let rightTime = right.time, leftTime != rightTime { return leftTime > rightTime }
        return left.messageID.description > right.messageID.description
    }
}

extension CauseTree: CustomStringConvertible {
    /// The depth from which on lines are not indented further, so that a long chain does not become a large square.
    private static let deepestIndentation = 40

    /// A line for each message, indented by its depth, or with its depth in front where that is more than 40.
    public var description: String {
        var lines: [String] = []
        if let cause = self.forgottenCause { lines.append("(\(cause), which nobody remembers)") }
        let offset = lines.count
        for node in self.nodes {
            let message = node.message
            let depth = node.depth + offset
            var line = String(repeating: "  ", count: min(depth, Self.deepestIndentation))
            if depth > Self.deepestIndentation { line += "(\(depth)) " }
            line += "\(message.topic) \(message.messageID)"
            if let time = message.time { line += " \(time)" }
            if message.messageID == self.messageID { line += "  <- asked for" }
            lines.append(line)
        }
        return lines.joined(separator: "\n")
    }
}
