// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The lines of standard input as bytes: what is not UTF-8 has to be seen, and not repaired.
struct LineReader {
    private var buffer: [UInt8] = []
    private var start = 0
    private var isAtEnd = false

    /// The next line without what ends it; nil at the end.
    mutating func next() -> [UInt8]? {
        var searched = self.start
        while true {
            if let end = self.buffer[searched...].firstIndex(of: 0x0A) {
                defer { self.start = end + 1 }
                return Array(self.buffer[self.start..<end])
            }
            searched = self.buffer.count
            if self.isAtEnd {
                guard self.start < self.buffer.count else { return nil }
                defer { self.start = self.buffer.count }
                return Array(self.buffer[self.start...])
            }
            self.buffer.removeFirst(self.start)
            searched -= self.start
            self.start = 0
            self.fill()
        }
    }

    private mutating func fill() {
        let chunk = [UInt8](unsafeUninitializedCapacity: 65_536) { bytes, count in
            count = max(0, read(STDIN_FILENO, bytes.baseAddress, bytes.count))
        }
        self.isAtEnd = chunk.isEmpty
        self.buffer += chunk
    }
}

/// Writes a line to standard output or standard error, all of it.
func writeLine(_ line: [UInt8], to file: Int32 = STDOUT_FILENO) {
    let bytes = line + [0x0A]
    bytes.withUnsafeBytes { bytes in
        var written = 0
        while written < bytes.count {
            let count = write(file, bytes.baseAddress?.advanced(by: written), bytes.count - written)
            guard count > 0 else { exit(3) }
            written += count
        }
    }
}
