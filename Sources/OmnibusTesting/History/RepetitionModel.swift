// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus

/// Which publish calls are repetitions, as far as publishers can know: what was accepted within the window is known.
struct RepetitionModel {
    private struct Call {
        enum Outcome {
            /// It has not ended, or nobody can tell how: it may have been accepted.
            case unknown
            case accepted
            case repeated
            case refused
        }

        var name: String
        var topic: Topic
        var id: String
        var began: Duration
        var ended: Duration?
        var outcome = Outcome.unknown
        /// The number of the record with which it began, and with which it ended.
        var first: Int
        var last = Int.max

        func isSame(as other: Call) -> Bool { self.topic == other.topic && self.id == other.id }
    }

    private var windows: [Topic: DeduplicationWindow] = [:]
    private var calls: [Call] = []
    private var topics: [String: Topic] = [:]
    private var number = 0

    /// Adds a record; returns what is wrong with it.
    mutating func add(_ record: DeliveryHistory.Record) -> [String] {
        self.number += 1
        switch record.entry {
        case .remembers(let topic, let window):
            self.windows[topic] = window
        case .published(let name, _, let topic, _, _, _):
            if self.windows[topic] != nil { self.topics[name] = topic }
        case .identified(let name, let id):
            guard let topic = self.topics[name] else { return [] }
            self.calls.append(Call(name: name, topic: topic, id: id, began: record.uptime, first: self.number))
        case .accepted(let name, _, _):
            return self.end(name, .accepted, at: record.uptime).map { self.findings($0) } ?? []
        case .duplicate(let name):
            _ = self.end(name, .repeated, at: record.uptime)
        case .refused(let name):
            _ = self.end(name, .refused, at: record.uptime)
        default:
            break
        }
        return []
    }

    private mutating func end(_ name: String, _ outcome: Call.Outcome, at uptime: Duration) -> Call? {
        guard self.topics[name] != nil, let index = self.calls.lastIndex(where: { $0.name == name }) else { return nil }
        self.calls[index].outcome = outcome
        self.calls[index].ended = uptime
        self.calls[index].last = self.number
        return self.calls[index]
    }

    /// What is wrong with a call that was accepted: the message was known, or had to be.
    private func findings(_ call: Call) -> [String] {
        guard let window = self.windows[call.topic], let now = call.ended else { return [] }
        return self.calls.compactMap { earlier in
            guard earlier.isSame(as: call), earlier.outcome == .accepted, earlier.last < call.first,
                let accepted = earlier.ended, now - accepted < window.time
            else { return nil }
            // Those that may have been accepted since, and have made it forgotten.
            let later = self.calls.count { other in
                other.topic == call.topic && other.last > earlier.first && other.name != earlier.name
                    && other.name != call.name && (other.outcome == .accepted || other.outcome == .unknown)
            }
            guard later < window.count else { return nil }
            return "'\(call.name)' was accepted, and repeats '\(earlier.name)' of \(now - accepted) before"
        }
    }

    /// What is wrong in the end: a call was said to repeat another one, and there is none.
    func finish() -> [String] {
        self.calls.compactMap { call in
            guard call.outcome == .repeated, let window = self.windows[call.topic] else { return nil }
            let isRepetition = self.calls.contains { other in
                guard other.isSame(as: call), other.name != call.name, other.first < call.last else { return false }
                switch other.outcome {
                case .accepted: return other.ended.map { $0 + window.time > call.began } ?? true
                case .unknown: return true
                case .repeated, .refused: return false
                }
            }
            return isRepetition ? nil : "'\(call.name)' was said to be a repetition, and nobody has its message"
        }
    }
}
