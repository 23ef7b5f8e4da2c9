// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Testing

@Suite("The causes of a message", .timeLimit(.minutes(5)))
struct CausesTests {
    let manual = ManualEnvironment(seed: 72)

    private func makeBus(remembering count: Int) -> EventBus {
        EventBus(environment: self.manual.environment, settings: BusSettings(rememberedMessages: count))
    }

    @Test("are a tree, from the first message to the last that it led to")
    func tree() async throws {
        let bus = self.makeBus(remembering: 100)
        try await bus.subscribe(to: "placed") { delivery in
            try await delivery.publish(Message(topic: "paid", payload: 1))
            try await delivery.publish(Message(topic: "mailed", payload: 1))
        }
        let shipped = EventRecorder<MessageID>()
        try await bus.subscribe(to: "paid") { delivery in
            shipped.record(try await delivery.publish(Message(topic: "shipped", payload: 1)).messageID)
        }
        let placed = try await bus.publish(1, to: "placed").messageID
        try await bus.publish(1, to: "other")
        await bus.settled()
        let id = try await shipped.next()
        let tree = try #require(bus.causes(of: id))
        #expect(tree.nodes.count == 4)
        #expect(tree.nodes.first?.message.messageID == placed)
        #expect(tree.nodes.first?.depth == 0)
        #expect(tree.nodes.first { $0.message.messageID == id }?.depth == 2)
        #expect(tree.forgottenCause == nil)
        #expect(tree.description.contains("    shipped \(id)"))
        #expect(tree.description.contains("<- asked for"))
        #expect(bus.causes(of: "unknown") == nil)
    }

    @Test("are forgotten where there is no room for them, which is said")
    func forgets() async throws {
        let bus = self.makeBus(remembering: 2)
        let last = EventRecorder<MessageID>()
        try await bus.subscribe(to: "chain") { delivery in
            let number = delivery.message.payload["n"]?.intValue ?? 0
            guard number < 4 else { return }
            last.record(
                try await delivery.publish(Message(topic: "chain", payload: ["n": .init(number + 1)])).messageID
            )
        }
        try await bus.publish(Message(topic: "chain", payload: ["n": 0]))
        await bus.settled()
        let ids = last.all
        #expect(ids.count == 4)
        let tree = try #require(bus.causes(of: ids[3]))
        #expect(tree.nodes.map(\.message.messageID) == [ids[2], ids[3]])
        #expect(tree.forgottenCause == ids[1])
        #expect(bus.causes(of: ids[0]) == nil)
    }

    @Test("are found in histories and dead letters without being remembered")
    func kept() async throws {
        let bus = self.makeBus(remembering: 0)
        _ = try await bus.provider.createTopic("kept", .retained())
        let settings = HandlerSettings(failurePolicy: .noRetry)
        try await bus.subscribe(to: "kept", with: settings) { delivery in
            try await delivery.publish(Message(topic: "next", payload: 1))
        }
        try await bus.subscribe(to: "next", with: settings) { _ in throw Broken() }
        let id = try await bus.publish(1, to: "kept").messageID
        await bus.settled()
        let tree = try #require(bus.causes(of: id))
        #expect(tree.nodes.map(\.message.topic) == ["kept", "next"])
    }

    @Test("that name each other are told once, however long the chain is")
    func circle() {
        var messages: [MessageFacts] = []
        for number in 0..<20_000 {
            var message = Message(topic: "a", payload: .empty)
            message.id = MessageID("\(number)")
            message.causationID = MessageID("\(number == 0 ? 19_999 : number - 1)")
            messages.append(MessageFacts(message))
        }
        let tree = CauseTree(of: "7", among: messages)
        #expect(tree?.nodes.count == 20_000)
        // A long chain is a long text, not a large square.
        #expect((tree?.description.utf8.count ?? .max) < 20_000 * 200)
        #expect(tree?.forgottenCause == nil)
    }
}
