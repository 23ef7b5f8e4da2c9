// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

#if Brotli
    import COmnibusBrotli
    public import Omnibus

    /// Brotli (RFC 7932), by its authors' library.
    public struct BrotliCodec: CompressionCodec {
        /// How much time is spent on making it small: from 0, the fastest, to 11.
        public let quality: Int

        /// Creates a codec.
        ///
        /// - Parameter quality: from 0, the fastest, to 11, which is hundreds of times slower; what is beyond counts as the
        ///   nearest. 5 is what servers use that compress while somebody waits.
        public init(quality: Int = 5) {
            self.quality = min(max(quality, Int(BROTLI_MIN_QUALITY)), Int(BROTLI_MAX_QUALITY))
        }

        /// ``/OmnibusCore/Compression/brotli``.
        public var compression: Compression { .brotli }

        /// Returns a Brotli stream.
        public func compress(_ bytes: [UInt8]) throws(OmnibusError) -> [UInt8] {
            let bound = BrotliEncoderMaxCompressedSize(bytes.count)
            guard bound > 0 else { throw self.compression.failed("it is too large") }
            return try filled(upTo: bound) { room throws(OmnibusError) in
                var count = room.count
                let isDone = BrotliEncoderCompress(
                    Int32(self.quality),
                    BROTLI_DEFAULT_WINDOW,
                    BROTLI_MODE_GENERIC,
                    bytes.count,
                    bytes,
                    &count,
                    room.bindMemory(to: UInt8.self).baseAddress
                )
                guard isDone == BROTLI_TRUE else { throw self.compression.failed("it says no more") }
                return count
            }
        }

        /// Returns what a Brotli stream holds.
        public func decompress(_ bytes: [UInt8], limit: Int) throws(OmnibusError) -> [UInt8] {
            // Ownership: made here, destroyed on every path out.
            guard let decoder = BrotliDecoderCreateInstance(nil, nil, nil) else {
                throw self.compression.damaged("the library has no memory for it")
            }
            defer { BrotliDecoderDestroyInstance(decoder) }
            let reader = StreamReader(compression: self.compression, isConcatenable: false, limit: limit)
            return try reader.read(bytes) { input, room throws(OmnibusError) in
                var (available, next) = (input.count, input.bindMemory(to: UInt8.self).baseAddress)
                var (left, place) = (room.count, room.bindMemory(to: UInt8.self).baseAddress)
                let result = BrotliDecoderDecompressStream(decoder, &available, &next, &left, &place, nil)
                guard result != BROTLI_DECODER_RESULT_ERROR else {
                    let code = BrotliDecoderGetErrorCode(decoder)
                    throw self.compression.damaged(String(cString: BrotliDecoderErrorString(code)))
                }
                return StreamStep(
                    consumed: input.count - available,
                    produced: room.count - left,
                    isAtEnd: result == BROTLI_DECODER_RESULT_SUCCESS
                )
            }
        }
    }
#else
    /// Brotli (RFC 7932), by its authors' library.
    @available(*, unavailable, message: "Enable the trait 'Brotli' of the package swift-omnibus to compress by Brotli.")
    public enum BrotliCodec {}
#endif
