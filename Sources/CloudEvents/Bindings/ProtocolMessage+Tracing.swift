// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

extension ProtocolMessage {
    /// The place in a distributed trace that the message's own headers `traceparent` and `tracestate` say.
    ///
    /// That is the trace of this one hop; where the event began is in the event, as its documented extension. Nil where
    /// there is no `traceparent`, more than one, or one that is not valid; several `tracestate` headers are one list.
    /// Setting it replaces those headers.
    public var traceContext: TraceContext? {
        get {
            let parents = self.texts("traceparent")
            guard parents.count == 1 else { return nil }
            return try? TraceContext(
                traceparent: parents[0],
                tracestate: self.texts("tracestate").joined(separator: ",")
            )
        }
        set {
            self.headers.removeAll { Self.isNamed($0, "traceparent") || Self.isNamed($0, "tracestate") }
            guard let newValue else { return }
            self.headers.append(Header(name: "traceparent", value: .string(newValue.traceparent)))
            guard !newValue.tracestate.isEmpty else { return }
            self.headers.append(Header(name: "tracestate", value: .string(newValue.tracestate)))
        }
    }

    private static func isNamed(_ header: Header, _ name: String) -> Bool {
        header.name.utf8.count == name.utf8.count && header.name.lowercased() == name
    }

    /// The values of all headers of a name as texts, without the blanks around them.
    private func texts(_ name: String) -> [String] {
        self.headers.filter { Self.isNamed($0, name) }.map(\.text)
    }
}
