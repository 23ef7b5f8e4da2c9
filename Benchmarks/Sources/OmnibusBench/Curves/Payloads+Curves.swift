// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import Synchronization

extension Curve {
    /// Payloads of bytes, up to the largest that a broker takes unless told otherwise.
    ///
    /// - the same bytes each time, which the handler counts: what the bus does with a payload.
    /// - bytes made for each message, and read by the handler: what the program does with it.
    static let payloads = Curve(
        name: "payloads",
        points: [0, 16, 64, 256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576]
    ) { size in
        let shared = [UInt8](repeating: 7, count: size)
        return [
            Height(
                line: "handed over",
                y: try await Self.message(count: 200_000, make: { shared }, read: \.count)
            ),
            Height(
                line: "made, handed over and read",
                y: try await Self.message(
                    count: max(200_000 / (1 + size / 1_024), 1_000),
                    make: { [UInt8](repeating: 7, count: size) },
                    read: Self.sum
                )
            ),
        ]
    }

    /// Reads all bytes, eight at a time, as fast as memory gives them.
    @Sendable private static func sum(_ bytes: [UInt8]) -> Int {
        bytes.withUnsafeBytes { bytes in
            var sum = 0
            for offset in stride(from: 0, to: bytes.count & ~7, by: 8) {
                sum &+= bytes.loadUnaligned(fromByteOffset: offset, as: Int.self)
            }
            return sum
        }
    }

    private static func message(
        count: Int,
        make: () -> [UInt8],
        read: @escaping @Sendable ([UInt8]) -> Int
    ) async throws -> Double {
        let bus = EventBus()
        let sum = Atomic<Int>(0)
        try await bus.subscribe(to: "bench.bytes") { delivery in
            sum.wrappingAdd(read(try delivery.message.payload.bytes()), ordering: .relaxed)
        }
        let least = try await Self.least(of: 3, for: count) {
            for _ in 0..<count { try await bus.publish(bytes: make(), to: "bench.bytes") }
            await bus.settled()
        }
        try await bus.shutdown(deadline: .seconds(5))
        return least
    }
}
