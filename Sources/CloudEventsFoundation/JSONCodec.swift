// Part of Omnibus, an event bus that a Swift program links and runs inside itself.
// SPDX-License-Identifier: Apache-2.0

/// The JSON codec for `Codable` payloads.
public struct JSONCodec: Sendable {
}
