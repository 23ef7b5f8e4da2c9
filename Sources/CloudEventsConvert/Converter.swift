// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import CloudEvents
import OmnibusJSON

/// Turns lines of one form into lines of another.
struct Converter: Sendable {
    var from: Form
    var to: Form
    var options: CloudEventReadingOptions = .strict

    /// What became of a line.
    struct Outcome: Sendable {
        /// The lines to write: an event each, or the error.
        var lines: [[UInt8]] = []
        /// What a lenient reader changed.
        var repairs: [CloudEventReading.Repair] = []
        /// Whether the line was no valid event.
        var isError: Bool = false
    }

    /// Converts one line; a batch becomes a line for each event, unless a batch is asked for.
    func convert(_ line: [UInt8]) -> Outcome {
        var outcome = Outcome()
        do throws(CloudEventError) {
            let readings = try self.read(line)
            outcome.repairs = readings.flatMap(\.repairs)
            if self.to == .batch {
                outcome.lines = [try CloudEventJSONFormat.writeBatch(readings.map(\.event))]
            } else {
                // Not with `map`, which does not hand on the type of an error.
                for reading in readings { outcome.lines.append(try self.write(reading.event)) }
            }
        } catch {
            outcome.lines = [Self.line(of: error)]
            outcome.isError = true
        }
        return outcome
    }

    private func read(_ line: [UInt8]) throws(CloudEventError) -> [CloudEventReading] {
        switch self.from {
        case .json: [try CloudEventJSONFormat.read(line, options: self.options)]
        case .batch: try CloudEventJSONFormat.readBatch(line, options: self.options)
        case .message(let binding, let mode):
            [try binding.read(ProtocolMessage(line: line, binding), mode: mode, options: self.options)]
        }
    }

    private func write(_ event: CloudEvent) throws(CloudEventError) -> [UInt8] {
        switch self.to {
        case .json, .batch: try CloudEventJSONFormat.write(event)
        case .message(let binding, let mode): binding.line(of: try binding.write(event, mode: mode))
        }
    }

    private static func line(of error: CloudEventError) -> [UInt8] {
        let line: JSONValue = [
            "error": .string(error.description), "attribute": .string(error.attribute ?? ""),
            "rule": .string(error.rule?.rawValue ?? ""),
        ]
        // Texts alone can always be written.
        return (try? line.bytes()) ?? []
    }
}
