// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusCompression
import Testing

@Suite("A bus with codecs", .timeLimit(.minutes(5)))
struct BusTests {
    private struct Report: Event, Hashable {
        static let topic: Topic = "report"
        var lines: [String]
    }

    @Test("publishes by each, and its handlers read it", arguments: CompressionSettings.linkedNames)
    func publishes(compression: Compression) async throws {
        let bus = EventBus(settings: BusSettings(compression: .linked))
        let report = Report(lines: Array(repeating: "the same again", count: 100))
        let (stream, continuation) = AsyncStream.makeStream(of: Report.self)
        try await bus.subscribe(to: Report.self) { continuation.yield($0) }
        try await bus.publish(report, compression: compression)
        var iterator = stream.makeAsyncIterator()
        #expect(await iterator.next() == report)
        let metrics = try await bus.publisherMetrics()
        #expect(metrics.compressionRatio < 0.2)
        try await bus.shutdown()
    }

    @Test("says which is not linked", arguments: Compression.named.dropFirst())
    func unlinked(compression: Compression) async throws {
        guard !CompressionSettings.linkedNames.contains(compression) else { return }
        let bus = EventBus(settings: BusSettings(compression: .linked))
        let error = await #expect(throws: OmnibusError.self) {
            try await bus.publish(Message(topic: "a", payload: 1), compression: compression)
        }
        #expect(error?.code == .unsupported)
        #expect(error?.details as? String == compression.rawValue)
    }
}
