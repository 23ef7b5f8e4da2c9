// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What was measured of the operations of a program, by name; those beyond a limit share one entry.
final class OperationTable: Sendable {
    private struct Record {
        var duration = LatencyHistogram()
        var failures = 0
    }

    private let limit: Int
    private let records = Mutex<[String: Record]>([:])

    init(limit: Int) {
        self.limit = max(limit, 1)
    }

    /// Records how long an operation has taken.
    func record(_ name: String, nanoseconds: Int64, failed: Bool) {
        self.records.withLock { records in
            let hasRoom = records.count < self.limit + (records[MetricsSnapshot.other] == nil ? 0 : 1)
            let name = hasRoom || records[name] != nil ? name : MetricsSnapshot.other
            records[name, default: Record()].duration.record(nanoseconds: nanoseconds)
            if failed { records[name]?.failures += 1 }
        }
    }

    /// The operations in the order of their names.
    var series: [OperationSeries] {
        self.records.withLock { records in
            records.sorted { $0.key < $1.key }.map { name, record in
                OperationSeries(name: name, duration: record.duration, failures: record.failures)
            }
        }
    }
}
