// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import CloudEvents
import Testing

@Suite("Trace context")
struct TraceContextTests {
    static let sample = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    @Test("reads the parts of a traceparent and writes them again")
    func readsParts() throws {
        let context = try TraceContext(traceparent: Self.sample, tracestate: "congo=t61rcWkgMzE")

        #expect(context.traceIDHigh == 0x4bf9_2f35_77b3_4da6)
        #expect(context.traceIDLow == 0xa3ce_929d_0e0e_4736)
        #expect(context.spanIDBits == 0x00f0_67aa_0ba9_02b7)
        #expect(context.traceID == "4bf92f3577b34da6a3ce929d0e0e4736")
        #expect(context.spanID == "00f067aa0ba902b7")
        #expect(context.isSampled)
        #expect(context.tracestate == "congo=t61rcWkgMzE")
        #expect(context.traceparent == Self.sample)
    }

    @Test(
        "refuses what the Recommendation calls invalid",
        arguments: [
            "", "00", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "FE-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "0.-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "000-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0g",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-.1",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01 ",
            " 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-010",
            "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.what",
            "00_4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7_01",
        ]
    )
    func refuses(text: String) {
        let error = #expect(throws: CloudEventError.self) { try TraceContext(traceparent: text) }

        #expect(error?.code == .invalidTraceContext)
        #expect(error?.attribute == "traceparent")
    }

    @Test(
        "reads versions to come by what they share with this one",
        arguments: ["01", "cc", "fe"],
        ["", "-", "-what"]
    )
    func readsHigherVersions(version: String, rest: String) throws {
        let context = try TraceContext(traceparent: version + Self.sample.dropFirst(2).dropLast(2) + "ff" + rest)

        #expect(context.traceparent == Self.sample)
    }

    @Test("keeps the trace and its state in a child, and flags that are defined")
    func makesChildren() throws {
        let parent = try TraceContext(traceparent: String(Self.sample.dropLast(2)) + "ff", tracestate: "a=1")

        let child = parent.child(spanID: 0xAB)

        #expect(child.traceparent == "00-4bf92f3577b34da6a3ce929d0e0e4736-00000000000000ab-03")
        #expect(child.tracestate == "a=1")
    }

    @Test("never has an id of zeros")
    func hasNoZeroIDs() throws {
        let context = TraceContext(traceIDHigh: 0, traceIDLow: 0, spanID: 0, flags: 0)

        #expect(try TraceContext(traceparent: context.traceparent) == context)
        #expect(try TraceContext(traceparent: context.child(spanID: 0).traceparent) == context)
    }

    @Test(
        "keeps a tracestate that is valid",
        arguments: [
            "foo=1", "foo=1,bar=2", "foo=1, \tbar=2 ", "foo=1,,bar=2", "foo=1,", "a0_-*/=x", "0t@v=1", "t@a0=  x",
            "0a=1", "a@b@c=1",
            "foo=\(String(repeating: "v", count: 256))", "\(String(repeating: "k", count: 256))=1",
            (1...32).map { "k\($0)=1" }.joined(separator: ","),
        ]
    )
    func keepsState(text: String) throws {
        #expect(try TraceContext(traceparent: Self.sample, tracestate: text).tracestate == text)
    }

    @Test(
        "drops a tracestate that is not valid",
        arguments: [
            "foo", "=1", "foo=", "Foo=1", "foo =1", "foo=a=b", "foo=é", "@foo=1", "_a=1", "foo=1;bar=2",
            "foo=\u{7}", "foo=\(String(repeating: "v", count: 257))", "\(String(repeating: "k", count: 257))=1",
            (1...33).map { "k\($0)=1" }.joined(separator: ","),
        ]
    )
    func dropsState(text: String) throws {
        #expect(try TraceContext(traceparent: Self.sample, tracestate: text).tracestate == "")
    }

    @Test("hands on a list in which a key occurs again", arguments: ["foo=1,foo=1", "foo=1,bar=2,foo=3"])
    func keepsRepeatedKeys(state: String) throws {
        let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

        let context = try TraceContext(traceparent: parent, tracestate: state)

        #expect(context.tracestate == state && context.child(spanID: 7).tracestate == state)
    }
}
