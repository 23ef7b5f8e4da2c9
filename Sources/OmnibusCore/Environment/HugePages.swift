// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Asks the system to map large memory in large pages, where it waits to be asked.
///
/// What is read here and there in tens of megabytes waits as long for the addresses to be translated as for the memory:
/// with pages of 4 KB, the processor remembers the places of a few megabytes only (`madvise(2)`, `MADV_HUGEPAGE`).
enum HugePages {
    /// A page, on the processors that there are many of; elsewhere, the system makes of the advice what it can.
    private static let size = 2 * 1_024 * 1_024

    /// Gives the advice for memory that is about to be written to; a refusal costs nothing but time.
    ///
    /// It stays with the addresses. So large a piece has addresses of its own, in nearly all cases.
    static func advise(_ memory: UnsafeMutableRawBufferPointer) {
        #if os(Linux)
            guard memory.count >= 2 * self.size, let start = memory.baseAddress else { return }
            let first = Int(bitPattern: start).roundedUp(to: self.size)
            let end = (Int(bitPattern: start) + memory.count) / self.size * self.size
            guard first < end, let place = UnsafeMutableRawPointer(bitPattern: first) else { return }
            _ = madvise(place, end - first, MADV_HUGEPAGE)
        #endif
    }
}

extension Int {
    fileprivate func roundedUp(to size: Int) -> Int { (self + size - 1) / size * size }
}
