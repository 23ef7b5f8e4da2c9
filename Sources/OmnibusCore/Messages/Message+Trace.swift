// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

package import CloudEvents

extension Message {
    /// The trace context that follows from the id: its 128 bits are the trace id, the last 64 of them the span id.
    ///
    /// It is not marked as sampled, since nobody has recorded anything.
    var derivedTraceContext: TraceContext {
        let (high, low) = self.id.bits
        return TraceContext(traceIDHigh: high, traceIDLow: low, spanID: low, flags: 0)
    }

    /// The span in which the message is handled, and in which its effects are published.
    ///
    /// Another one than ``derivedTraceContext`` has, which is where the message itself was published.
    package var handlingSpanID: UInt64 { ~self.id.bits.low }

    /// The trace context of ids as text, or nil if they are not valid; without a span id the trace id's end is one.
    package static func traceContext(traceID: String, spanID: String?) -> TraceContext? {
        try? TraceContext(traceparent: "00-\(traceID)-\(spanID ?? String(traceID.suffix(16)))-01")
    }
}
