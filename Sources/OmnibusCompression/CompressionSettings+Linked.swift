// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

public import Omnibus

extension CompressionSettings {
    /// Settings with a codec for each compression whose trait is enabled, and the limit that there is by default.
    public static let linked = CompressionSettings(codecs: linkedCodecs)

    /// Settings with a codec for each compression whose trait is enabled.
    ///
    /// - Parameter limit: how many bytes a payload may have once it is decompressed.
    public static func linked(limit: Int) -> CompressionSettings {
        CompressionSettings(codecs: self.linkedCodecs, limit: limit)
    }

    private static var linkedCodecs: [any CompressionCodec] {
        var codecs: [any CompressionCodec] = []
        #if Gzip
            codecs.append(GzipCodec())
        #endif
        #if Brotli
            codecs.append(BrotliCodec())
        #endif
        #if Snappy
            codecs.append(SnappyCodec())
        #endif
        #if LZ4
            codecs.append(LZ4Codec())
        #endif
        #if Zstd
            codecs.append(ZstdCodec())
        #endif
        return codecs
    }
}
