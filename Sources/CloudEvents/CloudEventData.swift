// Part of Omnibus, an event bus that a Swift program links and runs inside itself.
// SPDX-License-Identifier: Apache-2.0

public import OmnibusJSON

/// What a CloudEvent is about, in the form in which it was given.
public enum CloudEventData: Sendable, Hashable {
    /// A JSON value.
    case json(JSONValue)
    /// A text.
    case text(String)
    /// Bytes of the content type that the event names.
    case bytes([UInt8])
}
