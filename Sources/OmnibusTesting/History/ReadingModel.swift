// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus

/// Whether readers of histories see everything, but for what they are told that they have missed.
struct ReadingModel {
    private struct Reader {
        var starts: [Topic: ClosedRange<Int64>] = [:]
        var seen = 0
        var missed = 0
        /// The offset that was read last of each topic.
        var last: [Topic: Int64] = [:]
    }

    /// How many messages each history has had.
    private var lengths: [Topic: Int64] = [:]
    /// What has an offset: the same for everybody.
    private var names: [Topic: [Int64: String]] = [:]
    private var readers: [String: Reader] = [:]

    func keeps(_ topic: Topic) -> Bool { self.lengths[topic] != nil }

    mutating func keep(_ topic: Topic) {
        self.lengths[topic] = 0
    }

    mutating func accepted(_ topic: Topic) {
        self.lengths[topic]? += 1
    }

    mutating func began(_ group: String, _ topic: Topic, _ start: ClosedRange<Int64>) {
        self.readers[group, default: Reader()].starts[topic] = start
    }

    /// Notes what a group has read; returns what is wrong with it.
    ///
    /// - Parameter isInOrder: whether the group reads one history, in order.
    mutating func read(
        _ name: String,
        of topic: Topic,
        by group: String,
        offset: Int64,
        missed: Int,
        isInOrder: Bool
    ) -> [String] {
        var findings: [String] = []
        if let other = self.names[topic]?.updateValue(name, forKey: offset), other != name {
            findings.append("'\(name)' has the offset \(offset) of '\(other)'")
        }
        if self.names[topic] == nil { self.names[topic] = [offset: name] }
        var reader = self.readers[group] ?? Reader()
        if isInOrder, let last = reader.last[topic], offset != last + 1 + Int64(missed) {
            findings.append(
                "'\(name)' has the offset \(offset) and follows \(last), and \(missed) are said to be missed"
            )
        }
        reader.last[topic] = offset
        reader.seen += 1
        reader.missed += missed
        self.readers[group] = reader
        return findings
    }

    /// What is wrong in the end: what a group has read and has missed is not all there is.
    func finish(_ group: String) -> String? {
        guard let reader = self.readers[group], !reader.starts.isEmpty else { return nil }
        let length = reader.starts.keys.reduce(0) { $0 + (self.lengths[$1] ?? 0) }
        let least = length - reader.starts.values.reduce(0) { $0 + $1.upperBound }
        let most = length - reader.starts.values.reduce(0) { $0 + $1.lowerBound }
        let known = Int64(reader.seen + reader.missed)
        guard known < least || known > most else { return nil }
        let wanted = least == most ? "\(least)" : "\(least) to \(most)"
        return "has read \(reader.seen) and was told of \(reader.missed) that it missed, of \(wanted) in the history"
    }
}
