// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

#if Zstd
    import COmnibusZstd
    public import Omnibus

    /// Zstandard (RFC 8878), by its authors' library.
    public struct ZstdCodec: CompressionCodec {
        /// How much time is spent on making it small.
        public let level: Int

        /// Creates a codec.
        ///
        /// - Parameter level: from 1 to 19, less being faster, and negative ones faster still; what is beyond what the
        ///   library knows counts as the nearest. The library's own default is 3.
        public init(level: Int = 3) {
            self.level = min(max(level, Int(ZSTD_minCLevel())), Int(ZSTD_maxCLevel()))
        }

        /// ``/OmnibusCore/Compression/zstd``.
        public var compression: Compression { .zstd }

        /// Returns a Zstandard frame, with the size in it.
        public func compress(_ bytes: [UInt8]) throws(OmnibusError) -> [UInt8] {
            let bound = ZSTD_compressBound(bytes.count)
            guard ZSTD_isError(bound) == 0 else { throw self.compression.failed("it is too large") }
            return try filled(upTo: bound) { room throws(OmnibusError) in
                let count = ZSTD_compress(room.baseAddress, room.count, bytes, bytes.count, Int32(self.level))
                guard ZSTD_isError(count) == 0 else {
                    throw self.compression.failed(String(cString: ZSTD_getErrorName(count)))
                }
                return count
            }
        }

        /// Returns what Zstandard frames hold, one after the other.
        public func decompress(_ bytes: [UInt8], limit: Int) throws(OmnibusError) -> [UInt8] {
            // Ownership: made here, freed on every path out.
            guard let context = ZSTD_createDCtx() else {
                throw self.compression.damaged("the library has no memory for it")
            }
            defer { ZSTD_freeDCtx(context) }
            // A frame asks for a window of its choice. 8 MiB is what every reader should have (RFC 8878, section 3.1.1.1.2);
            // more is of use only where more may come out.
            let windowLog = min(max(23, Int.bitWidth - max(limit - 1, 1).leadingZeroBitCount), 30)
            ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, Int32(windowLog))
            let reader = StreamReader(compression: self.compression, isConcatenable: true, limit: limit)
            return try reader.read(bytes) { input, room throws(OmnibusError) in
                var source = ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
                var target = ZSTD_outBuffer(dst: room.baseAddress, size: room.count, pos: 0)
                let hint = ZSTD_decompressStream(context, &target, &source)
                guard ZSTD_isError(hint) == 0 else {
                    throw self.compression.damaged(String(cString: ZSTD_getErrorName(hint)))
                }
                return StreamStep(consumed: source.pos, produced: target.pos, isAtEnd: hint == 0)
            }
        }
    }
#else
    /// Zstandard (RFC 8878), by its authors' library.
    @available(
        *,
        unavailable,
        message: "Enable the trait 'Zstd' of the package swift-omnibus to compress by Zstandard."
    )
    public enum ZstdCodec {}
#endif
