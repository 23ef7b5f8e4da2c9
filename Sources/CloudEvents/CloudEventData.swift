// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

public import OmnibusJSON

/// What a CloudEvent is about, in the form in which it was given.
public enum CloudEventData: Sendable, Hashable {
    /// Data that is a JSON value, which JSON formats embed as such.
    case json(JSONValue)
    /// Data that is a text, sent as its UTF-8 bytes.
    case text(String)
    /// Bytes of the content type that the event names.
    case bytes([UInt8])
}
