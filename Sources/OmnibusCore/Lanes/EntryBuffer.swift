// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

package import CloudEvents

/// Waiting messages in order: a column of headers, one of payloads, and one of keys where there are any; filled at the
/// end and taken at the start.
///
/// A queue and its worker own one each and exchange them, so that a backlog of any length is taken in O(1).
package final class EntryBuffer: @unchecked Sendable {
    // SAFETY: no two threads use a buffer at once. It is reached through its queue's lock, or through the one worker
    // that it was handed to under that lock. Places from `start` up to `end` are initialised, the payload only where
    // the header is not `isBoxed`, the key only where it says `hasKey`; all others are not. Leaned on by "Lane stress"
    // under the sanitizers.

    /// How much memory an empty buffer keeps while nothing comes; getting as much again takes as long as a few wake-ups.
    static let keptMemory = 64 * 1_024

    package let layout: PayloadLayout
    @exclusivity(unchecked) private var headers: UnsafeMutablePointer<EntryHeader>?
    @exclusivity(unchecked) private var payloads: UnsafeMutableRawPointer?
    /// Made when the first event with a key comes; left out when room is made and no event has one.
    @exclusivity(unchecked) private var keys: UnsafeMutablePointer<String>?
    @exclusivity(unchecked) private var capacity = 0
    @exclusivity(unchecked) private var start = 0
    @exclusivity(unchecked) private var end = 0
    /// How many entries are boxed and leave a hole in the payload column.
    @exclusivity(unchecked) private var holes = 0
    /// What the entries count against bounds in bytes.
    @exclusivity(unchecked) package private(set) var bytes = 0
    /// How many entries were ever moved out to other buffers, from which the number of each entry follows.
    @exclusivity(unchecked) private var moved = 0
    /// Since which change of its queue's gates a worker has the entries.
    @exclusivity(unchecked) package var epoch: UInt64 = 0

    package init(layout: PayloadLayout) {
        self.layout = layout
    }

    deinit {
        while !self.isEmpty { self.dropFirst() }
        self.headers?.deallocate()
        self.payloads?.deallocate()
        self.keys?.deallocate()
    }

    package var count: Int { self.end - self.start }
    package var isEmpty: Bool { self.end == self.start }

    // MARK: Adding

    /// Adds an event of the column's own type, which is copied; false where there is no memory to be had.
    @inline(__always)
    func append(copying event: OfferedEvent, key: String?) -> Bool {
        self.append(event, key) { self.layout.copy(event.place, to: $0) }
    }

    /// The same, moving the event out of its place.
    @inline(__always)
    func append(moving event: OfferedEvent, key: String?) -> Bool {
        self.append(event, key) { self.layout.moveOne(event.place, to: $0) }
    }

    @inline(__always)
    private func append(_ event: OfferedEvent, _ key: String?, payload: (UnsafeMutableRawPointer) -> Void) -> Bool {
        if self.end == self.capacity { self.makeRoom(1) }
        guard let headers = self.headers, let payloads = self.payloads else { return false }
        self.bytes += Int(event.size)
        payload(payloads + self.end * self.layout.stride)
        (headers + self.end).initialize(to: event.header)
        if let key { self.keep(key, at: self.end) }
        self.end += 1
        return true
    }

    /// Keeps the key of an entry that has a header.
    @inline(never)
    private func keep(_ key: String, at place: Int) {
        (self.makeKeys() + place).initialize(to: key)
        self.headers?[place].flags.insert(.hasKey)
    }

    /// Adds a value of the column's own type, which is copied, under a header.
    func append(copying value: UnsafeRawPointer, _ header: consuming EntryHeader) {
        if self.end == self.capacity { self.makeRoom(1) }
        guard let headers = self.headers, let payloads = self.payloads else { return }
        self.bytes += Int(header.size)
        self.layout.copy(value, to: payloads + self.end * self.layout.stride)
        (headers + self.end).initialize(to: header)
        self.end += 1
    }

    /// Adds events of the column's own type that lie one behind the other, which are copied; false where there is no
    /// memory to be had.
    func append(
        copying values: UnsafeRawPointer,
        _ facts: Slice<UnsafeBufferPointer<ValueFacts>>,
        bytes: Int,
        header: (borrowing ValueFacts) -> EntryHeader
    ) -> Bool {
        if self.capacity - self.end < facts.count { self.makeRoom(facts.count) }
        guard let headers = self.headers, let payloads = self.payloads else { return false }
        self.bytes += bytes
        self.layout.copy(values, to: payloads + self.end * self.layout.stride, count: facts.count)
        for index in facts.indices {
            (headers + self.end).initialize(to: header(facts[index]))
            if let key = facts[index].key { self.keep(key, at: self.end) }
            self.end += 1
        }
        return true
    }

    /// Adds an entry whose message is in the header's box.
    package func append(boxed header: consuming EntryHeader) {
        if self.end == self.capacity { self.makeRoom(1) }
        guard let headers = self.headers else { return }
        self.bytes += Int(header.size)
        self.holes += 1
        (headers + self.end).initialize(to: header)
        self.end += 1
    }

    // MARK: Reading and taking

    /// The first entry's header.
    package var first: UnsafeMutablePointer<EntryHeader> {
        guard let headers = self.headers else { preconditionFailure("An empty buffer has no first entry.") }
        return headers + self.start
    }

    /// Where the first entry's payload lies.
    package var firstPayload: UnsafeMutableRawPointer {
        guard let payloads = self.payloads else { preconditionFailure("An empty buffer has no first entry.") }
        return payloads + self.start * self.layout.stride
    }

    /// The first entry's key, by which messages are kept apart.
    package var firstKey: String? { self.isEmpty ? nil : self.key(at: 0) }

    /// The key of an entry, counted from the first one.
    func key(at index: Int) -> String? {
        let header = self.first + index
        if header.pointee.isBoxed { return header.pointee.rare?.box?.routingKey }
        if header.pointee.hasKey, let keys = self.keys { return keys[self.start + index] }
        return self.layout.key(of: self.firstPayload + index * self.layout.stride)
    }

    /// When the message of an entry was accepted, as far as it says so; nil outside.
    package func acceptedAt(_ index: Int) -> Timestamp? {
        guard index < self.count, let payloads = self.payloads else { return nil }
        let header = self.first + index
        if let message = header.pointee.rare?.box { return message.acceptedAt ?? message.id.createdAt }
        if self.layout.typeID == ObjectIdentifier(Message.self) {
            let place = payloads + (self.start + index) * self.layout.stride
            return place.assumingMemoryBound(to: Message.self).pointee.acceptedAt
        }
        return MessageID(high: header.pointee.idHigh, low: header.pointee.idLow).createdAt
    }

    /// What each entry counts against bounds in bytes, the first one first.
    package var sizes: some Sequence<Int> {
        (0..<self.count).lazy.map { Int((self.first + $0).pointee.size) }
    }

    /// Removes the first entry, and ends its life.
    @inline(__always)
    package func dropFirst() {
        if !self.first.pointee.isBoxed { self.layout.destroy(self.firstPayload) }
        self.dropFirstHeader()
    }

    /// Removes the first entry, whose payload has been taken already.
    @inline(__always)
    package func dropFirstHeader() {
        let header = self.first
        self.bytes -= Int(header.pointee.size)
        if header.pointee.isBoxed { self.holes -= 1 }
        if header.pointee.hasKey, let keys = self.keys { (keys + self.start).deinitialize(count: 1) }
        header.deinitialize(count: 1)
        self.start += 1
        if self.start == self.end {
            self.start = 0
            self.end = 0
        }
    }

    /// Moves the first entry's header and its key out, and returns where its payload lies, which the caller moves out
    /// before anything else happens to the buffer; it must not be boxed.
    @inline(__always)
    package func moveFirst(_ header: inout EntryHeader, _ key: inout String?) -> UnsafeMutableRawPointer {
        let place = self.firstPayload
        let first = self.first
        self.bytes -= Int(first.pointee.size)
        if first.pointee.hasKey, let keys = self.keys {
            key = (keys + self.start).move()
        } else if key != nil {
            key = nil
        }
        if first.pointee.rare == nil, header.rare == nil {
            // Nothing in either counts references, so that nothing has to be ended.
            header.takePlainFields(first.pointee)
        } else {
            header = first.move()
        }
        self.start += 1
        if self.start == self.end {
            self.start = 0
            self.end = 0
        }
        return place
    }

    /// Takes the first entry as a whole message.
    package func takeFirst(_ defaults: MessageDefaults) -> HeldEntry {
        let rare = self.first.pointee.rare
        let hold = self.first.pointee.flags.hold
        let key = self.takeFirstKey()
        let message = rare?.box ?? self.layout.takeMessage(self.firstPayload, self.first.pointee, key: key, defaults)
        self.dropFirstHeader()
        var entry = HeldEntry(
            message: message,
            attempts: rare?.attempts ?? 0,
            failures: rare?.failures ?? [],
            position: rare?.position,
            hold: hold,
            claim: rare?.claim,
            log: rare?.log
        )
        entry.epoch = self.epoch
        return entry
    }

    /// Takes the first entry's key out of the column of keys, where it is there.
    private func takeFirstKey() -> String? {
        guard self.first.pointee.hasKey, let keys = self.keys else { return nil }
        self.first.pointee.flags.remove(.hasKey)
        return (keys + self.start).move()
    }

    /// How many entries have a header for which a condition holds; O(count).
    func count(where holds: (borrowing EntryHeader) -> Bool) -> Int {
        (0..<self.count).count { holds((self.first + $0).pointee) }
    }

    /// How many entries from the start have nothing to them but a payload in the column, up to a limit.
    func bareCount(upTo limit: Int) -> Int {
        var count = 0
        while count < min(limit, self.count) {
            let header = self.first + count
            guard header.pointee.isPlain, !header.pointee.hasKey, header.pointee.rare == nil else { break }
            count += 1
        }
        return count
    }

    /// Takes out the first entry for which a condition holds, in a buffer of its own; nil where there is none. O(count).
    func takeFirst(where holds: (borrowing EntryHeader) -> Bool) -> EntryBuffer? {
        guard let index = (0..<self.count).first(where: { holds((self.first + $0).pointee) }) else { return nil }
        let all = EntryBuffer(layout: self.layout)
        let taken = EntryBuffer(layout: self.layout)
        self.move(upTo: self.count, to: all)
        all.move(upTo: index, to: self)
        all.move(upTo: 1, to: taken)
        all.move(upTo: all.count, to: self)
        return taken
    }

    /// Moves the entries for which a condition holds to the end of another buffer; those that stay keep their order.
    func move(to other: EntryBuffer, where holds: (borrowing EntryHeader) -> Bool) {
        let all = EntryBuffer(layout: self.layout)
        self.move(upTo: self.count, to: all)
        while !all.isEmpty { all.move(upTo: 1, to: holds(all.first.pointee) ? other : self) }
    }

    /// Moves up to a number of entries from the start of this buffer to the end of another one.
    package func move(upTo count: Int, to other: EntryBuffer) {
        let moved = min(count, self.count)
        guard moved > 0 else { return }
        self.moved += moved
        if moved == self.count, other.isEmpty {
            self.exchange(with: other)
            return
        }
        if other.end + moved > other.capacity { other.makeRoom(moved) }
        guard let target = other.headers, let targetPayloads = other.payloads, let payloads = self.payloads else {
            return
        }
        let stride = self.layout.stride
        if self.holes == 0 {
            self.layout.move(
                payloads + self.start * stride,
                to: targetPayloads + other.end * stride,
                count: moved
            )
        } else {
            for index in 0..<moved where !(self.first + index).pointee.isBoxed {
                self.layout.moveOne(
                    payloads + (self.start + index) * stride,
                    to: targetPayloads + (other.end + index) * stride
                )
            }
        }
        for index in 0..<moved {
            let header = self.first + index
            let size = Int(header.pointee.size)
            self.bytes -= size
            other.bytes += size
            if header.pointee.isBoxed {
                self.holes -= 1
                other.holes += 1
            }
            if header.pointee.hasKey, let keys = self.keys {
                (other.makeKeys() + other.end + index).moveInitialize(from: keys + self.start + index, count: 1)
            }
        }
        (target + other.end).moveInitialize(from: self.first, count: moved)
        other.end += moved
        self.start += moved
        if self.start == self.end {
            self.start = 0
            self.end = 0
        }
    }

    /// Exchanges the contents of two buffers of one layout, in O(1).
    private func exchange(with other: EntryBuffer) {
        swap(&self.headers, &other.headers)
        swap(&self.payloads, &other.payloads)
        swap(&self.keys, &other.keys)
        swap(&self.capacity, &other.capacity)
        swap(&self.start, &other.start)
        swap(&self.end, &other.end)
        swap(&self.holes, &other.holes)
        swap(&self.bytes, &other.bytes)
    }

    // MARK: Merging

    /// The number of the entry that was added last, of all that were ever added.
    var lastNumber: Int { self.moved + self.count - 1 }

    /// Where the entry of a number is, counted from the first one; nil when it was moved out.
    func index(of number: Int) -> Int? {
        let index = number - self.moved
        return index >= 0 && index < self.count ? index : nil
    }

    /// Where the entry of a message is that nobody has tried to handle; nil where there is none. O(count).
    func index(ofUntried id: MessageID) -> Int? {
        (0..<self.count).last { index in
            let header = self.first + index
            return header.pointee.attempts == 0 && header.pointee.rare?.box?.id == id
        }
    }

    /// The ids of all messages that are boxed.
    var boxedIDs: [MessageID] { (0..<self.count).compactMap { self.boxedMessage(at: $0)?.id } }

    func boxedMessage(at index: Int) -> Message? { (self.first + index).pointee.rare?.box }

    func setBusy(_ isBusy: Bool, at index: Int) {
        if isBusy {
            (self.first + index).pointee.flags.insert(.isBusy)
        } else {
            (self.first + index).pointee.flags.remove(.isBusy)
        }
    }

    /// Puts another message in the place of a boxed one, at its priority.
    func replace(at index: Int, with message: Message) {
        let header = self.first + index
        let flags = header.pointee.flags
        self.bytes -= Int(header.pointee.size)
        header.pointee = EntryHeader(boxed: HeldEntry(message: message))
        header.pointee.flags.formUnion(flags)
        self.bytes += Int(header.pointee.size)
    }

    // MARK: Memory

    /// Makes room at the end: by moving to the front where at least half is free there, otherwise by growing.
    private func makeRoom(_ more: Int) {
        let count = self.count
        let needed = count + more
        if needed <= self.capacity / 2 {
            self.relocate(to: self.capacity)
        } else {
            self.relocate(to: max(needed, self.capacity * 2, 4))
        }
    }

    /// How many bytes it holds for entries, those that are not there included.
    var memory: Int {
        let keySize = self.keys == nil ? 0 : MemoryLayout<String>.stride
        return self.capacity * (MemoryLayout<EntryHeader>.stride + self.layout.stride + keySize)
    }

    /// Gives back the memory that a burst has left, where nothing is in it.
    func trim() {
        if self.memory > Self.keptMemory { self.freeMemory() }
    }

    /// Gives back all memory, where nothing is in it.
    @inline(never)
    func freeMemory() {
        guard self.isEmpty else { return }
        self.headers?.deallocate()
        self.payloads?.deallocate()
        self.keys?.deallocate()
        self.headers = nil
        self.payloads = nil
        self.keys = nil
        self.capacity = 0
    }

    /// The column of keys, made where there is none.
    private func makeKeys() -> UnsafeMutablePointer<String> {
        if let keys = self.keys { return keys }
        let keys = UnsafeMutablePointer<String>.allocate(capacity: self.capacity)
        self.keys = keys
        return keys
    }

    /// Moves the keys to a column of another length, which is made only where there are any.
    private func moveKeys(to newCapacity: Int) -> UnsafeMutablePointer<String>? {
        guard let keys = self.keys else { return nil }
        defer { keys.deallocate() }
        guard (0..<self.count).contains(where: { (self.first + $0).pointee.hasKey }) else { return nil }
        let newKeys = UnsafeMutablePointer<String>.allocate(capacity: newCapacity)
        for index in 0..<self.count where (self.first + index).pointee.hasKey {
            (newKeys + index).moveInitialize(from: keys + self.start + index, count: 1)
        }
        return newKeys
    }

    private func relocate(to newCapacity: Int) {
        let newHeaders = UnsafeMutablePointer<EntryHeader>.allocate(capacity: newCapacity)
        let newPayloads = UnsafeMutableRawPointer.allocate(
            byteCount: max(newCapacity * self.layout.stride, 1),
            alignment: self.layout.alignment
        )
        var newKeys: UnsafeMutablePointer<String>?
        let count = self.count
        if let headers = self.headers, let payloads = self.payloads {
            newKeys = self.moveKeys(to: newCapacity)
            let stride = self.layout.stride
            if self.holes == 0 {
                self.layout.move(payloads + self.start * stride, to: newPayloads, count: count)
            } else {
                for index in 0..<count where !headers[self.start + index].isBoxed {
                    self.layout.moveOne(
                        payloads + (self.start + index) * stride,
                        to: newPayloads + index * stride
                    )
                }
            }
            newHeaders.moveInitialize(from: headers + self.start, count: count)
            headers.deallocate()
            payloads.deallocate()
        }
        self.headers = newHeaders
        self.payloads = newPayloads
        self.keys = newKeys
        self.capacity = newCapacity
        self.start = 0
        self.end = count
    }
}
