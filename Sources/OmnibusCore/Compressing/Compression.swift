// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// How a payload is compressed, by name.
///
/// The names alone are here: what compresses is a ``CompressionCodec``, and the module `OmnibusCompression` has one for
/// each of these, over the system's library. The set is open.
public struct Compression: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// The name, such as `gzip`.
    public let rawValue: String

    /// Creates a compression from its name.
    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// The name, for people.
    public var description: String { self.rawValue }

    /// Bytes as they are.
    public static let none = Self(rawValue: "none")
    /// DEFLATE in a gzip stream (RFC 1952): what everybody reads.
    public static let gzip = Self(rawValue: "gzip")
    /// Brotli (RFC 7932): slow to write, small, with a dictionary for text.
    public static let brotli = Self(rawValue: "brotli")
    /// One block of Snappy's own format: fast and not very small.
    public static let snappy = Self(rawValue: "snappy")
    /// An LZ4 frame: the fastest to read.
    public static let lz4 = Self(rawValue: "lz4")
    /// Zstandard (RFC 8878): small, and fast both ways.
    public static let zstd = Self(rawValue: "zstd")

    /// The ones that have a name here, ``none`` first.
    public static let named: [Compression] = [.none, .gzip, .brotli, .snappy, .lz4, .zstd]
}

extension Compression {
    /// The header that says how a message's payload is compressed.
    ///
    /// It is that of HTTP (RFC 9110, section 8.4), so that others understand it as well.
    public static let header = "content-encoding"

    /// The value of the header: HTTP's name where it has one of its own.
    public var contentEncoding: String { self == .brotli ? "br" : self.rawValue }

    /// Reads the value of the header, whose case does not count; `x-gzip` is `gzip`, and `identity` is ``none``.
    public init(contentEncoding: String) {
        let name = contentEncoding.lowercased()
        switch name {
        case "br": self = .brotli
        case "x-gzip": self = .gzip
        case "identity", "": self = .none
        default: self = Compression(rawValue: name)
        }
    }
}
