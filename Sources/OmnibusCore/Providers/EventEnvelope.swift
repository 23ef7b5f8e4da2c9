// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// Something that carries the payload of an event, whatever it is wrapped in.
///
/// Code that takes `any EventEnvelope<UserCreated>` need not know the bus, the message or the codec.
public protocol EventEnvelope<Payload>: Sendable {
    /// The type of what is carried.
    associatedtype Payload: Sendable

    /// What is carried; reading it may decode.
    var payload: Payload { get async throws }
}
