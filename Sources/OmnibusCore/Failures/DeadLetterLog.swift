// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// Dead letters in the order in which they came, within bounds: a plain value that somebody else protects.
///
/// Every letter has a number that no other letter gets. What is taken out leaves a hole in the order, so that it can be
/// put back where it was; holes are closed once there are more of them than letters.
package struct DeadLetterLog: Sendable {
    /// A letter with its number, and what it counts against the bound in bytes.
    package struct Kept: Sendable {
        package let number: UInt64
        package let size: Int
        package let letter: DeadLetter
    }

    private struct Place: Sendable {
        let number: UInt64
        var kept: Kept?
    }

    private let limit: Int
    private let byteLimit: Int
    /// Letters and holes, by number.
    private var places: [Place] = []
    /// Nothing but holes lies before this place.
    private var head = 0
    private var numbers: [MessageID: UInt64] = [:]
    private var lastNumber: UInt64 = 0

    /// What all letters count against the bound in bytes.
    package private(set) var bytes = 0
    /// How many letters have had to make room for newer ones.
    package private(set) var evicted = 0

    /// Creates a log; bounds below 1 count as 1.
    package init(limit: Int, byteLimit: Int) {
        self.limit = min(max(limit, 1), Int(Int32.max))
        self.byteLimit = min(max(byteLimit, 1), 1 << 60)
    }

    /// How many letters there are.
    package var count: Int { self.numbers.count }

    /// The letter of an id.
    package func letter(_ id: MessageID) -> DeadLetter? {
        guard let number = self.numbers[id], let index = self.index(of: number) else { return nil }
        return self.places[index].kept?.letter
    }

    /// Adds a letter at the end and returns those that had to make room, the oldest first.
    ///
    /// The newest letter stays, even where it is larger than the bound in bytes: it is what somebody wants to look at.
    /// - Complexity: O(1) on average.
    package mutating func append(_ letter: DeadLetter, size: Int) -> [DeadLetter] {
        self.lastNumber += 1
        let kept = Kept(number: self.lastNumber, size: max(size, 0), letter: letter)
        self.places.append(Place(number: kept.number, kept: kept))
        self.numbers[letter.id] = kept.number
        self.bytes += kept.size
        var evicted: [DeadLetter] = []
        while self.count > self.limit || self.bytes > self.byteLimit, self.count > 1 {
            while self.places[self.head].kept == nil { self.head += 1 }
            guard let oldest = self.remove(at: self.head) else { break }
            evicted.append(oldest.letter)
        }
        self.evicted += evicted.count
        self.closeHoles()
        return evicted
    }

    /// Takes a letter out; nil where there is none, or somebody else was first.
    package mutating func take(_ id: MessageID) -> Kept? {
        guard let number = self.numbers[id], let index = self.index(of: number) else { return nil }
        let kept = self.remove(at: index)
        self.closeHoles()
        return kept
    }

    /// Puts a letter that was taken out back to where it was.
    ///
    /// Nothing makes room for it, and it does not go at once where the bounds were reached meanwhile: the next letter
    /// that comes sees to that.
    package mutating func putBack(_ kept: Kept) {
        let index = self.firstIndex(after: kept.number - 1)
        if index < self.places.count, self.places[index].number == kept.number {
            guard self.places[index].kept == nil else { return }
            self.places[index].kept = kept
        } else {
            self.places.insert(Place(number: kept.number, kept: kept), at: index)
        }
        self.head = min(self.head, index)
        self.numbers[kept.letter.id] = kept.number
        self.bytes += kept.size
    }

    /// The letters that follow a number, the oldest first, up to a number of them.
    ///
    /// - Complexity: O(count), and O(log n) to find the first one.
    package func letters(after number: UInt64, upTo count: Int) -> [Kept] {
        var result: [Kept] = []
        var index = max(self.head, self.firstIndex(after: number))
        while index < self.places.count, result.count < count {
            if let kept = self.places[index].kept { result.append(kept) }
            index += 1
        }
        return result
    }

    // MARK: Places

    /// The first place with a higher number.
    private func firstIndex(after number: UInt64) -> Int {
        var low = 0
        var high = self.places.count
        while low < high {
            let middle = (low + high) / 2
            if self.places[middle].number <= number { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private func index(of number: UInt64) -> Int? {
        let index = self.firstIndex(after: number - 1)
        return index < self.places.count && self.places[index].number == number ? index : nil
    }

    private mutating func remove(at index: Int) -> Kept? {
        guard let kept = self.places[index].kept else { return nil }
        self.places[index].kept = nil
        self.numbers[kept.letter.id] = nil
        self.bytes -= kept.size
        return kept
    }

    private mutating func closeHoles() {
        guard self.places.count - self.count > max(self.count, 64) else { return }
        self.places.removeAll { $0.kept == nil }
        self.head = 0
    }
}
