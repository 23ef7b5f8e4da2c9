// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import OmnibusTesting
import Testing

@Suite("The topology of a bus", .timeLimit(.minutes(5)))
struct TopologyTests {
    let bus: EventBus

    init() {
        self.bus = EventBus(
            environment: ManualEnvironment(seed: 73).environment,
            settings: BusSettings(
                source: "shop",
                publishMiddleware: [.changing("stamp") { _ in }],
                handleMiddleware: [.around("trace") { delivery, next in try await next(delivery) }]
            )
        )
    }

    /// A bus with a subscription of each kind, and some messages.
    private func fill() async throws -> [Subscription] {
        let bus = self.bus
        let subscriptions = [
            try await bus.subscribe(to: "order.placed", group: "billing") { _ in },
            try await bus.subscribe(to: "order.*", with: HandlerSettings(concurrency: 3)) { _ in },
            try await bus.respond(to: "price", as: Int.self) { $0 },
            try bus.observe("#") { _ in },
            try bus.tap("order.#") { _ in },
        ]
        _ = try await bus.provider.createTopic("audit", .retained())
        try await bus.publish(1, to: "order.placed")
        try await bus.publish(1, to: "nobody")
        await bus.settled()
        return subscriptions
    }

    @Test("has topics, subscriptions with their call sites and counts, and transforms")
    func snapshot() async throws {
        let subscriptions = try await self.fill()
        let topology = self.bus.topology()
        #expect(topology.source == "shop")
        #expect(topology.provider == InMemoryBroker.capabilities.provider)
        #expect(topology.publishTransforms == ["stamp"])
        #expect(topology.handleTransforms == ["trace"])
        #expect(topology.topics.map(\.topic) == ["audit", "nobody", "order.placed", "price"])
        #expect(topology.topics[0].durability == .retained)
        #expect(topology.topics[2].published == 1)
        #expect(topology.subscriptions.map(\.kind) == [.handler, .handler, .responder, .observer, .tap])
        #expect(topology.subscriptions.map(\.id) == subscriptions.map(\.id))
        #expect(topology.subscriptions.allSatisfy { $0.callSite?.file == "OmnibusTests/TopologyTests.swift" })
        #expect(topology.subscriptions[0].metrics?.acknowledged == 1)
        #expect(topology.subscriptions[1].concurrency == 3)
        #expect(topology.subscriptions(of: "order.placed").count == 4)
    }

    @Test("lists the topics that were published to most, and counts the others")
    func limit() async throws {
        for number in 0..<5 {
            for _ in 0...number { try await self.bus.publish(1, to: Topic(validating: "t\(number)")) }
        }
        let topology = self.bus.topology(topicLimit: 2)
        #expect(topology.topics.map(\.topic) == ["t3", "t4"])
        #expect(topology.otherTopics == 3)
    }

    @Test("is text, JSON, Mermaid and Graphviz")
    func formats() async throws {
        _ = try await self.fill()
        let topology = self.bus.topology()
        let text = topology.description
        #expect(text.hasPrefix("bus shop on "))
        #expect(text.contains("-> sub-1 handler of group billing at OmnibusTests/TopologyTests.swift:"))
        #expect(text.contains("by order.*"))
        let json = try JSONValue(parsing: topology.json.bytes())
        #expect(json["subscriptions"]?.arrayValue?.count == 5)
        #expect(json["subscriptions"]?[0]?["metrics"]?["acknowledged"]?.intValue == 1)
        #expect(json["topics"]?[2]?["subscriptions"]?.arrayValue?.count == 4)
        #expect(topology.mermaid.hasPrefix("flowchart LR\n"))
        #expect(topology.mermaid.contains("t2 -->|\"order.*\"| s1"))
        #expect(topology.graphviz.contains("t2 -> s1 [label=\"order.*\"];"))
    }

    @Test("quotes what would break a picture up")
    func quotes() {
        let topology = BusTopology(
            source: "a\"b\\",
            provider: "p",
            topics: [BusTopology.TopicNode("t")],
            subscriptions: [
                BusTopology.SubscriptionNode(
                    SubscriptionID(rawValue: "s"),
                    kind: .sink,
                    pattern: "t",
                    group: "\"] --> x[\"<b>",
                    name: "f\n"
                )
            ]
        )
        #expect(!topology.mermaid.contains("\"] --> x"))
        #expect(!topology.mermaid.contains("<b>"))
        #expect(topology.graphviz.contains("digraph \"a\\\"b\\\\\" {"))
        // A name with a quotation mark is a string of JSON in the label, whose marks are quoted once more.
        #expect(topology.graphviz.contains("\\\\\\\"] --> x[\\\\\\\"<b>"))
    }

    @Test("is text in which no name looks like another line, or like an instruction for a picture")
    func forged() {
        let node = BusTopology.SubscriptionNode(
            SubscriptionID(rawValue: "s"),
            kind: .sink,
            pattern: "t.&lt",
            name: "push\nfake (9 published)\u{2028}%%{init: {}}%%"
        )
        let topology = BusTopology(
            source: "a",
            provider: "p",
            topics: [BusTopology.TopicNode("t.&lt")],
            subscriptions: [node],
            publishTransforms: ["a\n  b"]
        )
        let lines = topology.description.split(whereSeparator: \.isNewline)
        #expect(lines.count == 4, "\(lines)")
        #expect(!topology.mermaid.contains("%%"))
        #expect(topology.graphviz.contains("&amp;lt"))
        #expect(
            TopicRoutes("t", routes: [.init(node, reasons: [])]).description.split(whereSeparator: \.isNewline).count
                == 2
        )
    }

    @Test("draws so many arrows, and says how many there are besides")
    func bounded() {
        let topics = (0..<100).map { BusTopology.TopicNode(Topic(unchecked: "t\($0)")) }
        let nodes = (0..<100).map {
            BusTopology.SubscriptionNode(SubscriptionID(rawValue: "s\($0)"), kind: .handler, pattern: "#")
        }
        let topology = BusTopology(source: "a", provider: "p", topics: topics, subscriptions: nodes)
        #expect(topology.mermaid.hasSuffix("%% 8000 more arrows are left out\n"))
        #expect(topology.graphviz.contains("// 8000 more arrows are left out"))
    }

    @Test("leaves out who was cancelled, even while the last handler runs, and names what may keep messages back")
    func cancelled() async throws {
        let bus = EventBus(
            settings: BusSettings(publishMiddleware: [EventFilter(minimumPriority: .high).publishMiddleware])
        )
        let (gate, entered) = (Gate(), EventRecorder<Bool>())
        let subscription = try await bus.subscribe(to: "a") { _ in
            entered.record(true)
            await gate.passStubbornly()
        }
        var message = Message(topic: "a", payload: 1)
        message.priority = .high
        try await bus.publish(message)
        _ = try await entered.next()
        #expect(bus.routes(for: "a").routes.count == 1)
        #expect(bus.routes(for: "a").remarks.first?.contains("'filter' decides") == true)
        await subscription.cancel()
        #expect(bus.routes(for: "a").routes.isEmpty)
        #expect(bus.topology().subscriptions.isEmpty)
        gate.open()
        try await bus.shutdown()
    }

    @Test("says who gets a topic, and why")
    func routes() async throws {
        let subscriptions = try await self.fill()
        try await subscriptions[1].pause()
        let routes = self.bus.routes(for: "order.placed")
        #expect(routes.routes.map(\.subscription.id) == [0, 1, 3, 4].map { subscriptions[$0].id })
        #expect(routes.routes[0].reasons[0] == "it listens to this very topic")
        #expect(routes.routes[0].reasons[1].contains("'billing'"))
        #expect(routes.routes[1].reasons[0] == "it listens to 'order.*': * is placed")
        #expect(routes.routes[1].reasons.contains { $0.contains("paused") })
        #expect(routes.routes[2].reasons[0] == "it listens to '#': # is order.placed")
        #expect(self.bus.routes(for: "order").routes.count == 2)
        #expect(self.bus.routes(for: "order").description.contains("# is no word"))
    }

    @Test("says why '#' gets nothing of the system's topics, and why nothing can be published there")
    func system() async throws {
        let subscription = try await self.bus.subscribe(to: "#") { _ in }
        let routes = self.bus.routes(for: try Topic(validating: "omnibus.dead.a"))
        #expect(routes.routes.isEmpty)
        #expect(routes.refusal?.contains("belongs to the system") == true)
        #expect(routes.remarks.first?.contains(subscription.id.rawValue) == true)
    }

    @Test("names the predicate that decides, and a topic that was deleted")
    func reservations() async throws {
        let settings = HandlerSettings(predicate: MessagePredicate("large orders") { _ in true })
        try await self.bus.subscribe(to: "orders", with: settings) { _ in }
        #expect(self.bus.routes(for: "orders").description.contains("'large orders'"))
        _ = try await self.bus.provider.createTopic("gone", TopicConfiguration())
        _ = try await self.bus.provider.deleteTopic("gone")
        #expect(self.bus.routes(for: "gone").refusal?.contains("deleted") == true)
    }
}
