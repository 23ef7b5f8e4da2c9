// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

#if Snappy
    import COmnibusSnappy
    public import Omnibus

    /// Snappy, one block without a frame around it, by its authors' library.
    public struct SnappyCodec: CompressionCodec {
        /// Creates a codec.
        public init() {}

        /// ``/OmnibusCore/Compression/snappy``.
        public var compression: Compression { .snappy }

        /// Returns a Snappy block.
        public func compress(_ bytes: [UInt8]) throws(OmnibusError) -> [UInt8] {
            // The format has 32 bits for the size.
            guard bytes.count <= Int(UInt32.max) else { throw self.compression.failed("it has more than 4 GiB") }
            return try filled(upTo: snappy_max_compressed_length(bytes.count)) { room throws(OmnibusError) in
                var count = room.count
                let status = bytes.withUnsafeBytes { input in
                    snappy_compress(input.clientBytes, input.count, room.clientRoom, &count)
                }
                guard status == SNAPPY_OK else { throw self.compression.failed("it says \(status.rawValue)") }
                return count
            }
        }

        /// Returns what a Snappy block holds.
        ///
        /// A block says first how large it is: that is held against the limit, and what comes is held against that.
        public func decompress(_ bytes: [UInt8], limit: Int) throws(OmnibusError) -> [UInt8] {
            var size = 0
            let status = bytes.withUnsafeBytes { input in
                snappy_uncompressed_length(input.clientBytes, input.count, &size)
            }
            guard status == SNAPPY_OK else { throw self.compression.damaged("it says no size") }
            guard size <= limit else { throw self.compression.tooLarge(limit) }
            // A few bytes may claim a large size: no memory is taken for it before they are known to keep the claim.
            let isWhole = bytes.withUnsafeBytes { input in
                snappy_validate_compressed_buffer(input.clientBytes, input.count) == SNAPPY_OK
            }
            guard isWhole else { throw self.compression.damaged("it does not hold what it says") }
            return try filled(upTo: size) { room throws(OmnibusError) in
                var count = room.count
                let status = bytes.withUnsafeBytes { input in
                    snappy_uncompress(input.clientBytes, input.count, room.clientRoom, &count)
                }
                guard status == SNAPPY_OK else { throw self.compression.damaged("it does not hold what it says") }
                return count
            }
        }
    }

    extension UnsafeRawBufferPointer {
        fileprivate var clientBytes: UnsafePointer<CChar>? { self.bindMemory(to: CChar.self).baseAddress }
    }

    extension UnsafeMutableRawBufferPointer {
        fileprivate var clientRoom: UnsafeMutablePointer<CChar>? { self.bindMemory(to: CChar.self).baseAddress }
    }
#else
    /// Snappy, one block without a frame around it, by its authors' library.
    @available(*, unavailable, message: "Enable the trait 'Snappy' of the package swift-omnibus to compress by Snappy.")
    public enum SnappyCodec {}
#endif
