// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// Something that handles deliveries.
///
/// A type of its own is worth it where a handler has state or is used in several places; a closure will do otherwise.
public protocol MessageHandler: Sendable {
    /// Handles one delivery. Returning acknowledges it; throwing hands it to the failure policy.
    func handle(_ delivery: Delivery) async throws
}
