// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusAgents
import OmnibusTesting
import Testing

@Suite("The documents' samples", .timeLimit(.minutes(5)))
struct SampleTests {
    @Test("are read as events and written as they were", arguments: Sample.all)
    func roundTrip(_ sample: Sample) throws {
        func check<E: AgentEvent>(_ type: E.Type) throws {
            let event = try E(json: sample.data)
            #expect(try event.json() == sample.data)
            #expect(try E(json: event.json()) == event)
            // Through bytes too, as a back end carries it.
            let codec = JSONCodec()
            #expect(try codec.decode(E.self, from: codec.encode(event)) == event)
        }
        try check(sample.event)
    }

    @Test("are CloudEvents with the attributes of the documents", arguments: Sample.all)
    func becomeCloudEvents(_ sample: Sample) throws {
        func check<E: AgentEvent>(_ type: E.Type) throws {
            let event = try E(json: sample.data)
            let cloudEvent = try event.cloudEvent(
                id: "evt-123",
                // The audit event names its source itself, and most events their subject.
                source: event.eventSource == nil ? sample.source : nil,
                subject: sample.knowsSubject ? nil : sample.subject
            )
            #expect(cloudEvent.id == "evt-123")
            #expect(cloudEvent.type == sample.type)
            #expect(cloudEvent.source == sample.source ?? "urn:omnibus:unnamed")
            #expect(cloudEvent.subject == sample.subject)
            #expect(cloudEvent.data == .json(sample.data))
            #expect(cloudEvent.dataContentType == "application/json")
            #expect(cloudEvent.time == event.eventTime)
            #expect(try E(cloudEvent) == event)
            #expect(try AgentTaxonomy.event(of: cloudEvent) as? E == event)

            let copy = try CloudEvent(json: cloudEvent.json())
            #expect(try E(copy) == event)
        }
        try check(sample.event)
    }

    @Test("reach who subscribes to everything, by type, topic and source", arguments: Sample.all)
    func travelOnTheBus(_ sample: Sample) async throws {
        func check<E: AgentEvent>(_ type: E.Type) async throws {
            let bus = ManualEnvironment(seed: 1).makeBus(settings: BusSettings(source: sample.source ?? "agent/a"))
            let seen = EventRecorder<CloudEvent>()
            let events = EventRecorder<Bool>()
            let event = try E(json: sample.data)
            try await bus.subscribe(to: "#") { delivery in
                seen.record(try delivery.message.cloudEvent())
                events.record(try AgentTaxonomy.event(of: delivery.message) as? E == event)
            }

            try await bus.publish(event)
            try await bus.publish(Message(event, source: sample.source, subject: sample.subject))
            await bus.settled()

            #expect(events.all == [true, true])
            for (place, cloudEvent) in seen.all.enumerated() {
                #expect(cloudEvent.type == sample.type)
                #expect(cloudEvent.source == sample.source ?? "agent/a")
                if place == 1 || sample.knowsSubject { #expect(cloudEvent.subject == sample.subject) }
                #expect(try E(cloudEvent) == event)
            }
            #expect(seen.all.count == 2)
            try await bus.shutdown()
        }
        try await check(sample.event)
    }
}
