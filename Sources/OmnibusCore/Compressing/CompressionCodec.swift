// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// Something that makes bytes fewer, and the same again.
public protocol CompressionCodec: Sendable {
    /// What it is called by.
    var compression: Compression { get }

    /// Returns the bytes in fewer, or in some more where there is nothing to gain.
    ///
    /// - Throws: ``OmnibusError`` with the code `unencodable` when the library fails, which none does in ordinary use.
    func compress(_ bytes: [UInt8]) throws(OmnibusError) -> [UInt8]

    /// Returns what ``compress(_:)`` has made fewer.
    ///
    /// It reads bytes of strangers: it takes no more memory than the limit and some constant asks for, whatever they
    /// say of themselves.
    ///
    /// - Parameter limit: how many bytes may come out.
    /// - Throws: ``OmnibusError`` with the code `tooLarge` when more would come out, or `undecodable` for bytes that are
    ///   damaged, cut off, followed by others, or nothing of the kind.
    func decompress(_ bytes: [UInt8], limit: Int) throws(OmnibusError) -> [UInt8]
}
