// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// The place of a piece of work in a distributed trace (W3C Trace Context).
///
/// It is what the `traceparent` and `tracestate` headers carry: a trace id of 128 bits, the id of the span that caused
/// this work, flags, and text that tracing systems hand on to each other.
public struct TraceContext: Sendable, Hashable {
    /// The upper 64 bits of the trace id.
    public let traceIDHigh: UInt64
    /// The lower 64 bits of the trace id.
    public let traceIDLow: UInt64
    /// The 64 bits of the span id, never 0; `traceparent` calls it the parent id.
    public let spanIDBits: UInt64
    /// The eight trace flags; bit 0 is *sampled*, bit 1 says that the trace id is random.
    public let flags: UInt8
    /// What tracing systems add, in the form of the `tracestate` header; empty when there is nothing.
    public let tracestate: String

    /// Creates a context from ids that were made at random.
    ///
    /// All zeros is no valid id: where the generator hands out just that, the id becomes 1. A `tracestate` that is not
    /// valid is dropped, as the standard asks.
    public init(traceIDHigh: UInt64, traceIDLow: UInt64, spanID: UInt64, flags: UInt8, tracestate: String = "") {
        self.traceIDHigh = traceIDHigh
        self.traceIDLow = traceIDHigh == 0 && traceIDLow == 0 ? 1 : traceIDLow
        self.spanIDBits = spanID == 0 ? 1 : spanID
        self.flags = flags
        self.tracestate = TraceState.isValid(tracestate) ? tracestate : ""
    }

    /// Whether whoever caused this work may have recorded it.
    public var isSampled: Bool { self.flags & 0x01 != 0 }

    /// The trace id in 32 lower-case hexadecimal digits.
    public var traceID: String {
        var digits = HexDigits(capacity: 32)
        digits.append(self.traceIDHigh)
        digits.append(self.traceIDLow)
        return digits.text
    }

    /// The span id in 16 lower-case hexadecimal digits.
    public var spanID: String {
        var digits = HexDigits(capacity: 16)
        digits.append(self.spanIDBits)
        return digits.text
    }

    /// Returns the context of work that this one caused: the same trace, another span.
    ///
    /// Flags that the standard does not define are cleared, as it asks. A span id of 0 becomes 1.
    public func child(spanID: UInt64) -> TraceContext {
        TraceContext(
            traceIDHigh: self.traceIDHigh,
            traceIDLow: self.traceIDLow,
            spanID: spanID,
            flags: self.flags & 0x03,
            knownTracestate: self.tracestate
        )
    }

    /// Creates a context with a `tracestate` that was found valid before.
    private init(traceIDHigh: UInt64, traceIDLow: UInt64, spanID: UInt64, flags: UInt8, knownTracestate: String) {
        self.traceIDHigh = traceIDHigh
        self.traceIDLow = traceIDLow
        self.spanIDBits = spanID == 0 ? 1 : spanID
        self.flags = flags
        self.tracestate = knownTracestate
    }
}
