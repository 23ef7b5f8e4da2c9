// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus

/// What a library did with some input and some room.
struct StreamStep {
    /// How many bytes of the input it has taken.
    var consumed: Int
    /// How many bytes of the room it has filled.
    var produced: Int
    /// Whether a stream, or a frame of one, has ended with them.
    var isAtEnd: Bool
}

/// Decompresses a stream piece by piece, so that what it says of its own size need not be believed.
struct StreamReader {
    /// How much comes out at once: what a library keeps warm, and little beside any limit.
    private static let pieceSize = 64 << 10

    let compression: Compression
    /// Whether another stream may follow the first one, what comes out of both being one.
    let isConcatenable: Bool
    let limit: Int

    /// Feeds a library until the input is used up.
    func read(
        _ bytes: [UInt8],
        _ step: (UnsafeRawBufferPointer, UnsafeMutableRawBufferPointer) throws(OmnibusError) -> StreamStep
    ) throws(OmnibusError) -> [UInt8] {
        var output: [UInt8] = []
        // What `rethrows` would say, it cannot say with a typed error.
        let result = withUnsafeTemporaryAllocation(byteCount: Self.pieceSize, alignment: 16) { room in
            bytes.withUnsafeBytes { input in
                Result { () throws(OmnibusError) in try self.read(input, room, &output, step) }
            }
        }
        try result.get()
        return output
    }

    private func read(
        _ bytes: UnsafeRawBufferPointer,
        _ room: UnsafeMutableRawBufferPointer,
        _ output: inout [UInt8],
        _ step: (UnsafeRawBufferPointer, UnsafeMutableRawBufferPointer) throws(OmnibusError) -> StreamStep
    ) throws(OmnibusError) {
        var input = bytes[...]
        while true {
            let done = try step(UnsafeRawBufferPointer(rebasing: input), room)
            input = input.dropFirst(done.consumed)
            guard output.count + done.produced <= self.limit else { throw self.compression.tooLarge(self.limit) }
            output.append(contentsOf: room[..<done.produced])
            if done.isAtEnd {
                if input.isEmpty { return }
                guard self.isConcatenable else { throw self.compression.damaged("bytes follow its end") }
            } else if done.consumed == 0, done.produced == 0 {
                throw self.compression.damaged("it is cut off")
            }
        }
    }
}

extension Compression {
    /// The error of bytes that are not what they should be.
    func damaged(_ fault: String) -> OmnibusError {
        OmnibusError(
            .undecodable,
            "The payload is no \(self) stream, or a damaged one: \(fault). Look at who has published it, and how.",
            advice: .deadLetter
        )
    }

    /// The error of bytes that would be too many.
    func tooLarge(_ limit: Int) -> OmnibusError {
        OmnibusError(
            .tooLarge,
            """
            The payload, decompressed by '\(self)', would have more than \(limit) bytes. If it is to be trusted, raise the \
            limit of 'compression' in the bus's settings.
            """,
            advice: .deadLetter
        )
    }

    /// The error of a library that could not compress.
    func failed(_ reason: String) -> OmnibusError {
        OmnibusError(
            .unencodable,
            "The library could not compress the payload by '\(self)': \(reason). Publish it uncompressed, or free memory.",
            advice: .retry(after: nil)
        )
    }
}

/// Lets a library fill a buffer, and returns what is in it then, in an array of that very size.
func filled(
    upTo bound: Int,
    _ fill: (UnsafeMutableRawBufferPointer) throws(OmnibusError) -> Int
) throws(OmnibusError) -> [UInt8] {
    let result = withUnsafeTemporaryAllocation(byteCount: max(bound, 1), alignment: 16) { room in
        Result { () throws(OmnibusError) in
            let count = try fill(room)
            return Array(room[..<count])
        }
    }
    return try result.get()
}
