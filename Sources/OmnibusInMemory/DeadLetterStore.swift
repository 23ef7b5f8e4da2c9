// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

package import OmnibusCore
import Synchronization

/// The messages that were given up on, the oldest first, in bounded memory.
///
/// When it is full, the oldest one makes room and is counted as evicted.
package final class DeadLetterStore: Sendable {
    private struct State {
        var letters: [MessageID: DeadLetter] = [:]
        /// Ids in the order in which they came; those that were taken are skipped.
        var order: [MessageID] = []
        var evicted = 0
    }

    private let state = Mutex(State())
    private let limit: Int

    package init(limit: Int) {
        self.limit = min(max(limit, 1), Int(Int32.max))
    }

    /// How many letters had to make room for newer ones.
    package var evicted: Int { self.state.withLock { $0.evicted } }

    package var count: Int { self.state.withLock { $0.letters.count } }

    package func add(_ letter: DeadLetter) {
        self.state.withLock { state in
            state.letters[letter.id] = letter
            state.order.append(letter.id)
            guard state.letters.count > self.limit || state.order.count > 2 * self.limit else { return }
            state.order.removeAll { state.letters[$0] == nil }
            while state.letters.count > self.limit, let oldest = state.order.first {
                state.order.removeFirst()
                state.letters[oldest] = nil
                state.evicted += 1
            }
        }
    }

    /// The letters that a condition is true for, the oldest first.
    package func list(where isMeant: @Sendable (DeadLetter) -> Bool, limit: Int) -> [DeadLetter] {
        let all = self.state.withLock { state in state.order.compactMap { state.letters[$0] } }
        return Array(all.lazy.filter(isMeant).prefix(max(0, limit)))
    }

    package func letter(_ id: MessageID) -> DeadLetter? {
        self.state.withLock { $0.letters[id] }
    }

    /// Takes a letter out; nil when there is none, or somebody else was first.
    package func take(_ id: MessageID) -> DeadLetter? {
        self.state.withLock { $0.letters.removeValue(forKey: id) }
    }

    /// Puts back a letter that was taken and could not be redriven.
    package func putBack(_ letter: DeadLetter) {
        self.state.withLock { state in
            state.letters[letter.id] = letter
            if !state.order.contains(letter.id) { state.order.insert(letter.id, at: 0) }
        }
    }
}
