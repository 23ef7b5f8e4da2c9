// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// The checksum CRC-32C (Castagnoli), as iSCSI and Kafka use it: it finds damage by accident, not by intent.
package enum CRC32C {
    /// Returns the checksum of the bytes.
    ///
    /// Complexity: linear in the number of bytes.
    package static func checksum(of bytes: some Sequence<UInt8>) -> UInt32 {
        let table = self.table
        var checksum = ~UInt32(0)
        for byte in bytes {
            let index = Int(UInt8(truncatingIfNeeded: checksum) ^ byte)
            checksum = checksum >> 8 ^ table[index]
        }
        return ~checksum
    }

    /// What each value of a byte contributes, for the polynomial 0x1EDC6F41 with its bits reversed.
    private static let table: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte)) { checksum, _ in
            checksum & 1 == 1 ? checksum >> 1 ^ 0x82F6_3B78 : checksum >> 1
        }
    }
}
