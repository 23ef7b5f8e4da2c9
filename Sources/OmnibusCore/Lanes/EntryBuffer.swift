// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

package import CloudEvents

/// Waiting messages in order: a column of headers and a column of payloads, filled at the end and taken at the start.
///
/// A queue and its worker own one each and exchange them, so that a backlog of any length is taken in O(1).
package final class EntryBuffer: @unchecked Sendable {
    // SAFETY: no two threads use a buffer at once. It is reached through its queue's lock, or through the one worker
    // that it was handed to under that lock. Places from `start` up to `end` are initialised, the payload only where
    // the header is not `isBoxed`; all others are not. Leaned on by "Lane stress" under the sanitizers.

    /// How much memory an empty buffer keeps while nothing comes; getting as much again takes as long as a few wake-ups.
    static let keptMemory = 64 * 1_024

    package let layout: PayloadLayout
    @exclusivity(unchecked) private var headers: UnsafeMutablePointer<EntryHeader>?
    @exclusivity(unchecked) private var payloads: UnsafeMutableRawPointer?
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
    }

    package var count: Int { self.end - self.start }
    package var isEmpty: Bool { self.end == self.start }

    // MARK: Adding

    /// Adds an entry of the column's own type, copying the payload.
    ///
    /// - Returns: where the header has to be initialised, before anything else happens to the buffer.
    @inline(__always)
    func append(copying value: UnsafeRawPointer, size: UInt32) -> UnsafeMutablePointer<EntryHeader>? {
        self.append(size) { self.layout.copy(value, to: $0) }
    }

    /// The same, moving the payload out of its place where there is a header to be initialised.
    @inline(__always)
    func append(moving value: UnsafeMutableRawPointer, size: UInt32) -> UnsafeMutablePointer<EntryHeader>? {
        self.append(size) { self.layout.moveOne(value, to: $0) }
    }

    @inline(__always)
    private func append(
        _ size: UInt32,
        payload: (UnsafeMutableRawPointer) -> Void
    ) -> UnsafeMutablePointer<EntryHeader>? {
        if self.end == self.capacity { self.makeRoom(1) }
        guard let headers = self.headers, let payloads = self.payloads else { return nil }
        self.bytes += Int(size)
        payload(payloads + self.end * self.layout.stride)
        defer { self.end += 1 }
        return headers + self.end
    }

    /// Adds entries of the column's own type, copying payloads that lie one behind the other.
    ///
    /// - Returns: where the first header has to be initialised, and the others behind it, before anything else happens to
    ///   the buffer.
    func append(copying values: UnsafeRawPointer, count: Int, bytes: Int) -> UnsafeMutablePointer<EntryHeader>? {
        if self.capacity - self.end < count { self.makeRoom(count) }
        guard let headers = self.headers, let payloads = self.payloads else { return nil }
        self.bytes += bytes
        self.layout.copy(values, to: payloads + self.end * self.layout.stride, count: count)
        defer { self.end += count }
        return headers + self.end
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
        return self.layout.key(of: self.firstPayload + index * self.layout.stride, header.pointee)
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
        header.deinitialize(count: 1)
        self.start += 1
        if self.start == self.end {
            self.start = 0
            self.end = 0
        }
    }

    /// Moves the first entry's header out, and returns where its payload lies, which the caller moves out before anything
    /// else happens to the buffer; it must not be boxed.
    @inline(__always)
    package func moveFirst(_ header: inout EntryHeader) -> UnsafeMutableRawPointer {
        let place = self.firstPayload
        let first = self.first
        self.bytes -= Int(first.pointee.size)
        if first.pointee.isBare, header.isBare {
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
        let message = rare?.box ?? self.layout.takeMessage(self.firstPayload, self.first.pointee, defaults)
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

    /// How many entries have a header for which a condition holds; O(count).
    func count(where holds: (borrowing EntryHeader) -> Bool) -> Int {
        (0..<self.count).count { holds((self.first + $0).pointee) }
    }

    /// How many entries from the start have nothing to them but a payload in the column, up to a limit.
    func bareCount(upTo limit: Int) -> Int {
        var count = 0
        while count < min(limit, self.count), (self.first + count).pointee.isPlain, (self.first + count).pointee.isBare
        {
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
    var memory: Int { self.capacity * (MemoryLayout<EntryHeader>.stride + self.layout.stride) }

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
        self.headers = nil
        self.payloads = nil
        self.capacity = 0
    }

    private func relocate(to newCapacity: Int) {
        let newHeaders = UnsafeMutablePointer<EntryHeader>.allocate(capacity: newCapacity)
        let newPayloads = UnsafeMutableRawPointer.allocate(
            byteCount: max(newCapacity * self.layout.stride, 1),
            alignment: self.layout.alignment
        )
        let count = self.count
        if let headers = self.headers, let payloads = self.payloads {
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
        self.capacity = newCapacity
        self.start = 0
        self.end = count
    }
}
