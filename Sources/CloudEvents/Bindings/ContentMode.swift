// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// How an event is put into a message of a protocol.
public enum ContentMode: String, Sendable, Hashable, CaseIterable {
    /// The attributes are headers, the data is the body.
    case binary
    /// The whole event is the body, in the JSON format.
    case structured
    /// Several events are the body, in the JSON batch format; HTTP alone has it.
    case batched
}
