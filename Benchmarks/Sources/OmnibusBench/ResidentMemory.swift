// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import CAllocationCount

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// How much memory the process has in use, as the system counts it.
enum ResidentMemory {
    /// The pages that are in memory, in bytes; nil where the system does not tell.
    static var bytes: Int? {
        guard let file = fopen("/proc/self/statm", "r") else { return nil }
        defer { fclose(file) }
        var text = [CChar](repeating: 0, count: 128)
        guard fgets(&text, Int32(text.count), file) != nil else { return nil }
        let words = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            .split(separator: " ")
        guard words.count > 1, let pages = Int(words[1]) else { return nil }
        return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
    }

    /// The same once the allocator has given back to the system what it keeps of memory that was freed.
    ///
    /// - Throws: where the system does not tell.
    static func settled() throws -> Int {
        omnibus_bench_give_memory_back()
        guard let bytes = self.bytes else {
            throw BenchmarkError("Resident memory is read from /proc/self/statm, which there is on Linux only.")
        }
        return bytes
    }
}
