// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// What has happened in a simulation, in order, and a hash of it.
public struct SimulationTrace: Sendable {
    /// One line that the simulated code has written.
    public struct Line: Sendable, Hashable, CustomStringConvertible {
        /// How many steps the simulation had run.
        public var step: Int
        /// The virtual time since the start.
        public var uptime: Duration
        /// What the code had to say.
        public var text: String

        /// The step, the time and the text.
        public var description: String {
            let (seconds, attoseconds) = self.uptime.components
            let milliseconds = seconds * 1_000 + attoseconds / 1_000_000_000_000_000
            return "step \(self.step), \(milliseconds) ms: \(self.text)"
        }
    }

    /// The lines that the simulated code has written, in order.
    public internal(set) var lines: [Line] = []

    private var state: UInt64 = 0xCBF2_9CE4_8422_2325

    /// A hash of every line and of every choice of the scheduler: the same for the same seed and the same code.
    ///
    /// It is the same in every process, whatever the machine; it says nothing across versions of the code.
    public var hash: UInt64 { SplitMix64.mix(self.state) }

    init() {}

    /// Mixes a number into the hash.
    mutating func mix(_ value: UInt64) {
        // FNV-1a over whole words: what counts is that it is quick and the same everywhere.
        self.state = (self.state ^ value) &* 0x0000_0100_0000_01B3
        self.state ^= self.state >> 29
    }

    mutating func append(_ line: Line) {
        self.mix(UInt64(truncatingIfNeeded: line.step))
        for byte in line.text.utf8 { self.mix(UInt64(byte)) }
        self.lines.append(line)
    }
}

extension SimulationTrace: CustomStringConvertible {
    /// The lines, one below the other.
    public var description: String { self.lines.map(\.description).joined(separator: "\n") }
}
