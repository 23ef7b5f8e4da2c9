// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusTesting
import Testing

@testable import OmnibusCore

@Suite("A deduplication window")
struct DeduplicationMachineTests {
    private var machine = DeduplicationMachine<Int>(window: DeduplicationWindow(time: .seconds(10), count: 3))
    private var forgotten: [Int] = []

    private func key(_ id: String, topic: Topic = "a", source: String? = nil) -> DeduplicationKey {
        var message = Message(topic: topic, payload: 1)
        message.id = MessageID(id)
        if let source { message.source = source }
        return DeduplicationKey(message)
    }

    /// What the machine says of a message: `new`, `busy`, `waiting`, or the outcome that it knows.
    private mutating func begin(_ key: DeduplicationKey, at seconds: Int = 0) -> String {
        switch self.machine.begin(key, now: .seconds(seconds), &self.forgotten) {
        case .reserved: "new"
        case .inProgress(let isWaiting): isWaiting ? "waiting" : "busy"
        case .known(let outcome): "\(outcome)"
        }
    }

    private mutating func accept(_ key: DeduplicationKey, _ outcome: Int, at seconds: Int = 0) {
        guard case .reserved(let number) = self.machine.begin(key, now: .seconds(seconds), &self.forgotten) else {
            Issue.record("The message is known already.")
            return
        }
        self.machine.accept(key, number, outcome, now: .seconds(seconds), &self.forgotten)
    }

    @Test("reserves an id, and knows it once the message was accepted")
    mutating func knows() {
        let key = self.key("1")
        guard case .reserved(let number) = self.machine.begin(key, now: .zero, &self.forgotten) else {
            Issue.record("The message is known already.")
            return
        }
        let (busy, other) = (self.begin(key), self.begin(self.key("2")))
        #expect([busy, other] == ["busy", "new"])
        self.machine.wait(key, number)
        let waiting = self.begin(key)
        #expect(waiting == "waiting")
        self.machine.accept(key, number, 7, now: .zero, &self.forgotten)
        let known = self.begin(key)
        #expect(known == "7")
    }

    @Test("tells topics and sources apart")
    mutating func tellsApart() {
        self.accept(self.key("1"), 1)
        let others = [
            self.begin(self.key("1", topic: "b")), self.begin(self.key("1", source: "x")),
            self.begin(self.key("1", source: "y")),
        ]
        #expect(others == ["new", "new", "new"])
    }

    @Test("gives an id back that nobody has used, and ignores what comes too late")
    mutating func givesBack() {
        let key = self.key("1")
        guard case .reserved(let first) = self.machine.begin(key, now: .zero, &self.forgotten) else { return }
        self.machine.giveUp(key, first)
        guard case .reserved(let second) = self.machine.begin(key, now: .zero, &self.forgotten) else {
            Issue.record("The id was not given back.")
            return
        }
        self.machine.giveUp(key, first)
        self.machine.wait(key, first)
        self.machine.accept(key, first, 1, now: .zero, &self.forgotten)
        let busy = self.begin(key)
        #expect(busy == "busy")
        self.machine.accept(key, second, 2, now: .zero, &self.forgotten)
        let known = self.begin(key)
        #expect(known == "2")
    }

    @Test("forgets after its time")
    mutating func endsByTime() {
        self.accept(self.key("1"), 1, at: 0)
        self.accept(self.key("2"), 2, at: 5)
        let before = self.begin(self.key("1"), at: 9)
        let after = self.begin(self.key("1"), at: 10)
        let other = self.begin(self.key("2"), at: 10)
        #expect([before, after, other] == ["1", "new", "2"])
        #expect(self.forgotten == [1])
    }

    @Test("forgets the oldest when there are too many, but never a reservation")
    mutating func endsByCount() {
        let reserved = self.begin(self.key("reserved"))
        for number in 1...5 { self.accept(self.key("\(number)"), number) }
        let answers = (1...5).map { self.begin(self.key("\($0)")) }
        let busy = self.begin(self.key("reserved"))
        #expect(answers == ["new", "new", "3", "4", "5"])
        #expect([reserved, busy] == ["new", "busy"])
        #expect(self.machine.count == 3)
        #expect(self.forgotten == [1, 2])
    }

    @Test("forgets by name, and replaces what it knows")
    mutating func changes() {
        self.accept(self.key("1"), 1)
        self.accept(self.key("2"), 2)
        self.machine.forget(self.key("1"), &self.forgotten)
        self.machine.replace(self.key("2"), by: 3, &self.forgotten)
        self.machine.replace(self.key("1"), by: 4, &self.forgotten)
        let answers = [self.begin(self.key("1")), self.begin(self.key("2"))]
        #expect(answers == ["new", "3"])
        #expect(self.forgotten == [1, 2])
        #expect(self.machine.count == 1)
    }

    @Test("agrees with a plain list, whatever happens", arguments: [UInt64](1...20))
    func agreesWithModel(seed: UInt64) {
        let random = SeededRandom(seed: seed)
        var machine = DeduplicationMachine<Int>(window: DeduplicationWindow(time: .seconds(40), count: 25))
        var forgotten: [Int] = []
        var known: [(name: Int, outcome: Int, time: Int)] = []
        var reserved: [Int: UInt64] = [:]
        var now = 0
        for step in 0..<3_000 {
            now += Int(random.next() % 3)
            known.removeAll { now - $0.time >= 40 }
            let name = Int(random.next() % 60)
            let key = self.key("\(name)")
            let answer = machine.begin(key, now: .seconds(now), &forgotten)
            switch answer {
            case .known(let outcome):
                #expect(known.first { $0.name == name }?.outcome == outcome, "\(random)")
                if random.next() % 4 == 0 {
                    machine.forget(key, &forgotten)
                    known.removeAll { $0.name == name }
                }
            case .inProgress:
                let number = reserved.removeValue(forKey: name)
                #expect(number != nil, "\(random)")
                if random.next() % 3 == 0 {
                    machine.giveUp(key, number ?? 0)
                } else {
                    machine.accept(key, number ?? 0, step, now: .seconds(now), &forgotten)
                    known.append((name, step, now))
                    if known.count > 25 { known.removeFirst() }
                }
            case .reserved(let number):
                #expect(reserved[name] == nil && !known.contains { $0.name == name }, "\(random)")
                reserved[name] = number
            }
            #expect(machine.count == known.count, "\(random)")
        }
    }

    @Test("has numbers that make sense, or says what is wrong with them")
    func validates() {
        #expect(DeduplicationWindow().findings.isEmpty)
        #expect(DeduplicationWindow(time: .zero, count: 0).findings.count == 2)
        #expect(DeduplicationWindow(time: .seconds(-1), count: -1).bounded.findings.isEmpty)
        let configuration = TopicConfiguration(deduplication: DeduplicationWindow(count: 0))
        let error = #expect(throws: OmnibusError.self) { try configuration.validate() }
        #expect(error?.code == .invalidSettings)
    }
}
