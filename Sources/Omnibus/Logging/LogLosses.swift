// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A log that knows how many lines it has lost.
protocol LineLog: Sendable {
    var output: LineOutput { get }
}

/// The logs that a bus writes to, as long as somebody else holds them, and what they have lost.
final class LogLosses: Sendable {
    private struct Entry: Sendable {
        weak let output: LineOutput?
    }

    private let entries = Mutex<[Entry]>([])

    /// Watches a log, if it is one that knows what it has lost.
    func watch(_ emitter: any EventBusLogEmitter) {
        guard let output = (emitter as? any LineLog)?.output else { return }
        self.entries.withLock { entries in
            entries.removeAll { $0.output == nil || $0.output === output }
            entries.append(Entry(output: output))
        }
    }

    var findings: [EventBusHealth.Finding] {
        let outputs = self.entries.withLock { $0.compactMap(\.output) }
        return outputs.compactMap { output in
            let (count, reason) = output.lost
            guard count > 0 else { return nil }
            return EventBusHealth.Finding(.lostLogLines, name: "\(output.name): \(reason ?? "")", count: count)
        }
    }
}
