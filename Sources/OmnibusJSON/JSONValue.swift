// Part of Omnibus, an event bus that a Swift program links and runs inside itself.
// SPDX-License-Identifier: Apache-2.0

/// A JSON value (RFC 8259).
public enum JSONValue: Sendable, Hashable {
    case null
}
