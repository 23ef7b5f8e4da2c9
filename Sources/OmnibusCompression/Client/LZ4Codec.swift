// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

#if LZ4
    import COmnibusLZ4
    public import Omnibus

    /// LZ4 in frames, by its author's library.
    public struct LZ4Codec: CompressionCodec {
        /// Creates a codec.
        public init() {}

        /// ``/OmnibusCore/Compression/lz4``.
        public var compression: Compression { .lz4 }

        /// Returns an LZ4 frame, with the size in it.
        public func compress(_ bytes: [UInt8]) throws(OmnibusError) -> [UInt8] {
            var preferences = LZ4F_preferences_t()
            preferences.frameInfo.contentSize = UInt64(bytes.count)
            return try filled(upTo: LZ4F_compressFrameBound(bytes.count, &preferences)) { room throws(OmnibusError) in
                let count = LZ4F_compressFrame(room.baseAddress, room.count, bytes, bytes.count, &preferences)
                guard LZ4F_isError(count) == 0 else {
                    throw self.compression.failed(String(cString: LZ4F_getErrorName(count)))
                }
                return count
            }
        }

        /// Returns what LZ4 frames hold, one after the other.
        public func decompress(_ bytes: [UInt8], limit: Int) throws(OmnibusError) -> [UInt8] {
            // Ownership: made here, freed on every path out.
            var context: OpaquePointer?
            guard LZ4F_isError(LZ4F_createDecompressionContext(&context, UInt32(LZ4F_VERSION))) == 0 else {
                throw self.compression.damaged("the library has no memory for it")
            }
            defer { LZ4F_freeDecompressionContext(context) }
            let reader = StreamReader(compression: self.compression, isConcatenable: true, limit: limit)
            return try reader.read(bytes) { input, room throws(OmnibusError) in
                var (consumed, produced) = (input.count, room.count)
                let hint = LZ4F_decompress(
                    context,
                    room.baseAddress,
                    &produced,
                    input.baseAddress,
                    &consumed,
                    nil
                )
                guard LZ4F_isError(hint) == 0 else {
                    throw self.compression.damaged(String(cString: LZ4F_getErrorName(hint)))
                }
                return StreamStep(consumed: consumed, produced: produced, isAtEnd: hint == 0)
            }
        }
    }
#else
    /// LZ4 in frames, by its author's library.
    @available(*, unavailable, message: "Enable the trait 'LZ4' of the package swift-omnibus to compress by LZ4.")
    public enum LZ4Codec {}
#endif
