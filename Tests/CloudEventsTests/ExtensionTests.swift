// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import CloudEvents
import OmnibusJSON
import Testing

@Suite("Documented extensions")
struct ExtensionTests {
    private func event() throws -> CloudEvent { try CloudEvent(id: "1", source: "/", type: "t") }

    @Test("are set in their types and read from any")
    func areTyped() throws {
        var event = try self.event()
        try event.set(.expiryTime, to: "2026-02-28T09:30:00+01:00")
        try event.set(.dataRef, to: "https://example.com/data/1")
        try event.set(.partitionKey, to: "k")
        try event.set(.correlationID, to: "c")
        try event.set(.causationID, to: "d")

        #expect(
            event.extensions["expirytime"]?.type == .timestamp && event.extensions["dataref"]?.type == .uriReference
        )
        // A format without types makes texts of them.
        for event in [event, try CloudEvent(json: event.json())] {
            #expect(try event.expiryTime == Timestamp(parsing: "2026-02-28T08:30:00Z"))
            #expect(event.dataRef == "https://example.com/data/1")
            #expect(event.partitionKey == "k" && event.correlationID == "c" && event.causationID == "d")
        }
        let options = CloudEventReadingOptions(extensionTypes: DocumentedExtension.types)
        #expect(try CloudEvent(json: event.json(), options: options) == event)
    }

    @Test("carry a place in a trace")
    func carryTrace() throws {
        let context = TraceContext(traceIDHigh: 1, traceIDLow: 2, spanID: 3, flags: 1, tracestate: "a=b")
        var event = try self.event()

        try event.setTraceContext(context)
        #expect(event.traceContext == context)
        #expect(event.extensions["traceparent"]?.stringValue == context.traceparent)

        try event.setTraceContext(nil)
        #expect(event.traceContext == nil && event.extensions.isEmpty)
    }

    @Test("count in a sequence")
    func count() throws {
        var event = try self.event()
        #expect(event.sequenceNumber == nil)

        try event.setSequenceNumber(-5)

        #expect(event.sequence == "-5" && event.sequenceNumber == -5)
        try event.set(.sequenceType, to: nil)
        #expect(event.sequence == "-5" && event.sequenceNumber == nil)
    }

    @Test(
        "refuse what they cannot be, and change nothing",
        arguments: [
            (.expiryTime, "tomorrow"), (.dataRef, "a b"), (.traceParent, "00-1"), (.partitionKey, ""), (.sequence, ""),
        ] as [(DocumentedExtension, CloudEventAttributeValue)]
    )
    func refuse(name: DocumentedExtension, value: CloudEventAttributeValue) throws {
        var event = try self.event()

        let error = #expect(throws: CloudEventError.self) { try event.set(name, to: value) }

        #expect(error?.attribute == name.rawValue)
        #expect(event.extensions.isEmpty)
    }

    @Test("are nothing where they are not what they should be")
    func areNothing() throws {
        let event = try CloudEvent(
            id: "1",
            source: "/",
            type: "t",
            extensions: ["expirytime": "tomorrow", "traceparent": "x", "sequence": "x", "sequencetype": "Integer"]
        )

        #expect(event.expiryTime == nil && event.traceContext == nil && event.sequenceNumber == nil)
        #expect(event.sequence == "x")
    }
}
