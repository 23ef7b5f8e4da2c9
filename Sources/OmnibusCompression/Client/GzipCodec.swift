// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

#if Gzip
    import COmnibusZlib
    public import Omnibus

    /// gzip (RFC 1952), by zlib.
    public struct GzipCodec: CompressionCodec {
        /// How much time is spent on making it small: from 1, the fastest, to 9.
        public let level: Int

        /// Creates a codec.
        ///
        /// - Parameter level: from 1, the fastest, to 9; what is beyond counts as the nearest. zlib's own default is 6.
        public init(level: Int = 6) {
            self.level = min(max(level, 1), 9)
        }

        /// ``/OmnibusCore/Compression/gzip``.
        public var compression: Compression { .gzip }

        /// The largest window, and a gzip header around the stream: zlib's own way to say so.
        private static let windowBits: Int32 = 15 + 16

        /// Returns a gzip stream of one member, without a name and a time.
        public func compress(_ bytes: [UInt8]) throws(OmnibusError) -> [UInt8] {
            guard bytes.count <= Int(UInt32.max) else { throw self.compression.failed("it has more than 4 GiB") }
            // Ownership: made here, ended on every path out.
            var stream = z_stream()
            let status = deflateInit2_(
                &stream,
                Int32(self.level),
                Z_DEFLATED,
                Self.windowBits,
                8,
                Z_DEFAULT_STRATEGY,
                ZLIB_VERSION,
                Int32(MemoryLayout<z_stream>.size)
            )
            guard status == Z_OK else { throw self.compression.failed("zlib says \(status)") }
            defer { deflateEnd(&stream) }
            let bound = Int(deflateBound(&stream, UInt(bytes.count)))
            return try filled(upTo: bound) { room throws(OmnibusError) in
                let status = bytes.withUnsafeBytes { input in
                    stream.next_in = input.clientBytes
                    stream.avail_in = UInt32(input.count)
                    stream.next_out = room.bindMemory(to: UInt8.self).baseAddress
                    stream.avail_out = UInt32(clamping: room.count)
                    return deflate(&stream, Z_FINISH)
                }
                guard status == Z_STREAM_END else { throw self.compression.failed("zlib says \(status)") }
                return Int(stream.total_out)
            }
        }

        /// Returns what the members of a gzip stream hold, one after the other.
        public func decompress(_ bytes: [UInt8], limit: Int) throws(OmnibusError) -> [UInt8] {
            // Ownership: made here, ended on every path out.
            var stream = z_stream()
            let size = Int32(MemoryLayout<z_stream>.size)
            guard inflateInit2_(&stream, Self.windowBits, ZLIB_VERSION, size) == Z_OK else {
                throw self.compression.damaged("zlib has no memory for it")
            }
            defer { inflateEnd(&stream) }
            let reader = StreamReader(compression: self.compression, isConcatenable: true, limit: limit)
            return try reader.read(bytes) { input, room throws(OmnibusError) in
                let offered = UInt32(clamping: input.count)
                stream.next_in = input.clientBytes
                stream.avail_in = offered
                stream.next_out = room.bindMemory(to: UInt8.self).baseAddress
                stream.avail_out = UInt32(clamping: room.count)
                let status = inflate(&stream, Z_NO_FLUSH)
                guard status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR else {
                    throw self.compression.damaged(stream.msg.map { String(cString: $0) } ?? "zlib says \(status)")
                }
                let step = StreamStep(
                    consumed: Int(offered - stream.avail_in),
                    produced: room.count - Int(stream.avail_out),
                    isAtEnd: status == Z_STREAM_END
                )
                if step.isAtEnd { inflateReset(&stream) }
                return step
            }
        }
    }

    extension UnsafeRawBufferPointer {
        /// As zlib wants its input, which it does not write to.
        fileprivate var clientBytes: UnsafeMutablePointer<UInt8>? {
            UnsafeMutableRawPointer(mutating: self.baseAddress)?.assumingMemoryBound(to: UInt8.self)
        }
    }
#else
    /// gzip (RFC 1952), by zlib.
    @available(*, unavailable, message: "Enable the trait 'Gzip' of the package swift-omnibus to compress by gzip.")
    public enum GzipCodec {}
#endif
