// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import CloudEvents
import CloudEventsFoundation
import Foundation
import OmnibusJSON
import Testing

@Suite("Typed payloads of CloudEvents")
struct PayloadTests {
    struct Order: Codable, Equatable {
        var number: Int
        var placed: Date
        var note: String?
    }

    /// A codec that writes no JSON.
    struct Plain: PayloadCodec {
        let contentType = "application/x-plain"

        func encode(_ value: some Encodable) throws -> [UInt8] { Array("\(value)".utf8) }

        func decode<Value: Decodable>(_ type: Value.Type, from bytes: some Sequence<UInt8>) throws -> Value {
            guard let value = String(decoding: Array(bytes), as: UTF8.self) as? Value else { throw CancellationError() }
            return value
        }
    }

    private func event(_ payload: some Encodable) throws -> CloudEvent {
        let source = try #require(URL(string: "https://example.com/shop"))
        return try CloudEvent(
            source: source,
            type: "order.placed",
            date: Date(timeIntervalSince1970: 5),
            payload: payload
        )
    }

    @Test("go into JSON and come back, in every binding and mode")
    func roundTrip() throws {
        let order = Order(number: 7, placed: Date(timeIntervalSince1970: 1_700_000_000.25), note: "é")
        let event = try self.event(order)

        #expect(event.dataContentType == "application/json" && event.data.map { "\($0)".hasPrefix("json") } == true)
        #expect(event.date == Date(timeIntervalSince1970: 5) && event.uuid != nil)
        #expect(try event.payload(Order.self) == order)
        for binding in ProtocolBinding.allCases {
            for mode in [ContentMode.binary, .structured] {
                let read: Order = try binding.read(binding.write(event, mode: mode)).event.payload()
                #expect(read == order)
            }
        }
        #expect(try CloudEvent(json: event.json()).payload(Order.self) == order)
    }

    @Test("are bytes of a codec that writes no JSON")
    func areBytes() throws {
        let event = try CloudEvent(id: "1", source: "/", type: "t", payload: "text", codec: Plain())

        #expect(event.data == .bytes(Array("text".utf8)) && event.dataContentType == "application/x-plain")
        #expect(try event.payload(String.self, codec: Plain()) == "text")
    }

    @Test("are read from text, and are not there where there is no data")
    func areRead() throws {
        let text = try CloudEvent(id: "1", source: "/", type: "t", dataContentType: "text/json", data: .text("[1,2]"))
        let none = try CloudEvent(id: "1", source: "/", type: "t")

        #expect(try text.payload([Int].self) == [1, 2])
        #expect(throws: (any Error).self) { try none.payload([Int].self) }
    }

    @Test("have dates and URLs in the documented extensions")
    func haveExtensions() throws {
        var event = try self.event(1)
        try event.set(.expiryTime, to: CloudEventAttributeValue(Date(timeIntervalSince1970: 9)))
        try event.set(.dataRef, to: "https://example.com/data")
        event.date = nil

        #expect(event.expiryDate == Date(timeIntervalSince1970: 9))
        #expect(event.dataRefURL?.host() == "example.com")
        #expect(event.time == nil && event.date == nil)
    }
}
