// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import CloudEvents
import Testing

@testable import OmnibusCore

/// What a log should do, written down as plainly as possible: a list of all messages ever, searched from end to end.
private struct LogModel {
    struct Item {
        var sequence: Int64
        var topic: Topic
        var position: Position
        var size: Int
        var time: Int64
        var uptime: Duration
        var isKept = true
    }

    struct Reader {
        var topics: Set<Topic>
        var unread: [Int64]
    }

    var items: [Item] = []
    var retention: [Topic: Retention] = [:]
    /// Where the items of the topic begin that it has now; those before are of a topic that was deleted.
    var begin: [Topic: Int] = [:]
    var readers: [Reader] = []

    func items(of topic: Topic) -> [Item] {
        guard let begin = self.begin[topic] else { return [] }
        return self.items[begin...].filter { $0.topic == topic }
    }

    mutating func append(_ topic: Topic, _ position: Position, size: Int, time: Int64, uptime: Duration) {
        let sequence = Int64(self.items.count)
        let latest = max(time, self.items.last?.time ?? .min)
        self.items.append(
            Item(sequence: sequence, topic: topic, position: position, size: size, time: latest, uptime: uptime)
        )
        for index in self.readers.indices where self.readers[index].topics.contains(topic) {
            self.readers[index].unread.append(sequence)
        }
        self.trim(topic)
        self.expire(uptime)
    }

    mutating func trim(_ topic: Topic) {
        guard let limits = self.retention[topic] else { return }
        while true {
            let kept = self.items(of: topic).filter(\.isKept)
            guard kept.count > 1 else { return }
            let isOver =
                kept.count > limits.maximumCount ?? .max
                || kept.reduce(0) { $0 + $1.size } > limits.maximumBytes ?? .max
            guard isOver else { return }
            self.items[Int(kept[0].sequence)].isKept = false
        }
    }

    mutating func expire(_ now: Duration) {
        for (topic, limits) in self.retention {
            guard let age = limits.maximumAge else { continue }
            for item in self.items(of: topic) where item.isKept && item.uptime + age <= now {
                self.items[Int(item.sequence)].isKept = false
            }
        }
    }

    mutating func delete(_ topic: Topic) {
        for item in self.items(of: topic) { self.items[Int(item.sequence)].isKept = false }
        self.retention[topic] = nil
        self.begin[topic] = nil
        for index in self.readers.indices { self.readers[index].topics.remove(topic) }
    }

    func reader(_ topics: Set<Topic>, _ start: StartPosition) -> Reader {
        var unread: [Int64] = []
        for topic in topics {
            let items = self.items(of: topic)
            switch start {
            case .latest: break
            case .earliest: unread += items.filter(\.isKept).map(\.sequence)
            case .offset(let offset): unread += items.filter { $0.position.offset >= offset }.map(\.sequence)
            case .time(let time):
                unread += items.filter { $0.isKept && $0.time >= time.nanosecondsSinceEpoch }.map(\.sequence)
            case .lastPerTopic: unread += items.filter(\.isKept).suffix(1).map(\.sequence)
            }
        }
        return Reader(topics: topics, unread: unread.sorted())
    }

    /// Reads up to a number of messages: what was missed, and what comes next.
    mutating func read(_ index: Int, upTo count: Int, bytes: Int) -> (missed: Int, read: [Int64]) {
        let unread = self.readers[index].unread
        let kept = unread.filter { self.items[Int($0)].isKept }
        var room = bytes
        var taken: [Int64] = []
        for sequence in kept.prefix(count) {
            let size = self.items[Int(sequence)].size
            if !taken.isEmpty, size > room { break }
            room -= size
            taken.append(sequence)
        }
        self.readers[index].unread = Array(kept.dropFirst(taken.count))
        return (unread.count - kept.count, taken)
    }
}

@Suite("Retained log against a plain model")
struct RetainedLogModelTests {
    @Test("agrees with the model over random appends, limits, readers and topics", arguments: 1...40 as ClosedRange)
    func agrees(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var log = RetainedLog()
        var model = LogModel()
        var readers: [LogReader] = []
        let names: [Topic] = ["a", "b", "c", "d", "e"]
        var uptime = Duration.zero
        var wall: Int64 = 1_000_000_000

        func create(_ topic: Topic) {
            guard log.slot(of: topic) == nil else { return }
            let retention = Retention(
                maximumAge: Bool.random(using: &random) ? .seconds(Int.random(in: 1...20, using: &random)) : nil,
                maximumCount: Bool.random(using: &random) ? Int.random(in: 1...30, using: &random) : nil,
                maximumBytes: Bool.random(using: &random) ? Int.random(in: 1...200, using: &random) : nil
            )
            let partitions = topic == "a" ? 1 : Int.random(in: 1...3, using: &random)
            let slot = log.create(topic, retention: retention, partitions: partitions)
            model.retention[topic] = retention
            model.begin[topic] = model.items.count
            // Readers of everything read what comes.
            for index in readers.indices where index.isMultiple(of: 2) {
                readers[index].add(slot)
                model.readers[index].topics.insert(topic)
            }
        }

        for name in names { create(name) }
        for step in 0..<600 {
            let place: Comment = "seed \(seed), step \(step)"
            let topic = names.randomElement(using: &random) ?? "a"
            switch Int.random(in: 0..<100, using: &random) {
            case 0..<60:
                guard let slot = log.slot(of: topic) else { continue }
                wall += Int64.random(in: -2...5, using: &random)
                var removed: [LogRecord] = []
                let size = Int.random(in: 1...40, using: &random)
                var message = Message(
                    topic: topic,
                    key: Bool.random(using: &random) ? "k\(step % 7)" : nil,
                    payload: .empty
                )
                message.acceptedAt = Timestamp(nanosecondsSinceEpoch: wall)
                let outcome = log.append(
                    message,
                    to: slot,
                    of: topic,
                    size: size,
                    uptime: uptime,
                    removed: &removed
                )
                guard case .appended(let sequence, let position) = outcome else {
                    Issue.record("\(outcome), \(place)")
                    return
                }
                #expect(sequence == Int64(model.items.count), place)
                let before = model.items(of: topic).last { $0.position.partition == position.partition }
                #expect(position.offset == (before?.position.offset ?? -1) + 1, place)
                let kept = model.items.filter(\.isKept).map(\.sequence)
                model.append(topic, position, size: size, time: wall, uptime: uptime)
                let gone = (kept + [sequence]).filter { !model.items[Int($0)].isKept }
                #expect(removed.map(\.sequence).sorted() == gone, place)
            case 60..<75:
                guard !readers.isEmpty else { continue }
                let index = Int.random(in: 0..<readers.count, using: &random)
                let count = Int.random(in: 1...10, using: &random)
                let bytes = Int.random(in: 1...100, using: &random)
                _ = log.expire(now: uptime)
                model.expire(uptime)
                #expect(log.unread(readers[index]) + readers[index].missed == model.readers[index].unread.count, place)
                let batch = log.read(&readers[index], upTo: count, bytes: bytes)
                let expected = model.read(index, upTo: count, bytes: bytes)
                #expect(batch.missed == expected.missed, place)
                #expect(batch.records.map(\.sequence) == expected.read, place)
                #expect(batch.isAtEnd ? model.readers[index].unread.isEmpty : true, place)
                for record in batch.records {
                    let item = model.items[Int(record.sequence)]
                    #expect(record.position == item.position && record.message.topic == item.topic, place)
                    #expect(record.time == item.time, place)
                }
            case 75..<82:
                uptime += .milliseconds(Int.random(in: 0...6_000, using: &random))
            case 82..<88:
                // A reader is of every topic, or of some, and starts anywhere.
                guard readers.count < 12 else { continue }
                _ = log.expire(now: uptime)
                model.expire(uptime)
                let isOfAll = readers.count.isMultiple(of: 2)
                var topics = Set(names.filter { log.slot(of: $0) != nil && (isOfAll || Bool.random(using: &random)) })
                let start: StartPosition
                switch Int.random(in: 0..<5, using: &random) {
                case 0: start = .latest
                case 1: start = .earliest
                case 2:
                    start = .time(Timestamp(nanosecondsSinceEpoch: wall - Int64.random(in: -3...60, using: &random)))
                case 3: start = .lastPerTopic
                default:
                    guard !isOfAll, let next = log["a"]?.nextOffsets[0] else { continue }
                    topics = ["a"]
                    start = .offset(Int64.random(in: 0...next, using: &random))
                }
                readers.append(log.reader(from: start) { topics.contains($0) })
                model.readers.append(model.reader(topics, start))
            case 88..<92:
                if let history = log[topic], let slot = log.slot(of: topic) {
                    let end = history.nextOrdinal
                    for index in readers.indices { readers[index].remove(slot, end: end) }
                    let kept = model.items(of: topic).filter(\.isKept).map(\.sequence)
                    #expect(log.delete(topic).map(\.sequence) == kept, place)
                    model.delete(topic)
                } else {
                    create(topic)
                }
            case 92..<95:
                guard log.slot(of: topic) != nil else { continue }
                let retention = Retention(
                    maximumAge: Bool.random(using: &random) ? .seconds(5) : nil,
                    maximumCount: Int.random(in: 1...30, using: &random),
                    maximumBytes: nil
                )
                _ = log.update(topic, retention: retention, now: uptime)
                model.retention[topic] = retention
                model.trim(topic)
                model.expire(uptime)
            default:
                guard let item = model.items.randomElement(using: &random) else { continue }
                #expect(log.record(at: item.sequence)?.sequence == (item.isKept ? item.sequence : nil), place)
            }
            let kept = model.items.filter(\.isKept)
            #expect(log.count == kept.count, place)
            for name in names {
                guard let history = log[name] else { continue }
                let items = model.items(of: name)
                let mine = items.filter(\.isKept)
                #expect(history.count == mine.count && history.nextOrdinal == Int64(items.count), place)
                #expect(history.bytes == mine.reduce(0) { $0 + $1.size }, place)
                for partition in history.nextOffsets.indices {
                    let first = mine.first { $0.position.partition == partition }?.position.offset
                    #expect(history.earliestOffsets[partition] == first ?? history.nextOffsets[partition], place)
                }
            }
        }
    }

    @Test("reads past any number of messages of other topics, some at a time")
    func readsPastOthers() {
        var log = RetainedLog()
        let wide = Retention(maximumCount: nil, maximumBytes: nil)
        let busy = log.create("busy", retention: wide, partitions: 1)
        for name in ["a", "b"] as [Topic] { _ = log.create(name, retention: wide, partitions: 1) }
        var reader = log.reader(from: .earliest) { $0 != "busy" }
        var removed: [LogRecord] = []
        func append(_ topic: Topic, _ slot: Int) {
            let message = Message(topic: topic, payload: .empty)
            _ = log.append(message, to: slot, of: topic, size: 1, uptime: .zero, removed: &removed)
        }
        for _ in 0..<(3 * RetainedLog.scanLimit) { append("busy", busy) }
        append("b", 2)

        var calls = 0
        var read: [LogRecord] = []
        var isAtEnd = false
        while !isAtEnd, calls < 10 {
            let batch = log.read(&reader, upTo: 10, bytes: 100)
            read += batch.records
            isAtEnd = batch.isAtEnd
            calls += 1
        }
        #expect(calls == 4)
        #expect(read.map(\.message.topic) == ["b"])
        #expect(removed.isEmpty)
    }

    @Test("keeps an index as long as what is kept, however much has gone between")
    func forgetsHoles() {
        var log = RetainedLog()
        let kept = log.create("kept", retention: Retention(maximumCount: nil), partitions: 1)
        let brief = log.create("brief", retention: Retention(maximumCount: 1), partitions: 1)
        var removed: [LogRecord] = []
        for number in 0..<10_000 {
            let isKept = number.isMultiple(of: 1_000)
            let topic: Topic = isKept ? "kept" : "brief"
            _ = log.append(
                Message(topic: topic, payload: .empty),
                to: isKept ? kept : brief,
                of: topic,
                size: 1,
                uptime: .zero,
                removed: &removed
            )
        }
        #expect(log.count == 11)
        #expect(log.indexCount <= 64)
        #expect(removed.count == 10_000 - 11)
        var reader = log.reader(from: .earliest) { _ in true }
        let batch = log.read(&reader, upTo: 100, bytes: 100)
        #expect(batch.records.map(\.sequence) == (0..<10).map { $0 * 1_000 } + [9_999])
        #expect(batch.missed == 0 && batch.isAtEnd)
    }
}
