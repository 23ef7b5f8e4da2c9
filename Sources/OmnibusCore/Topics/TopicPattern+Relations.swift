// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

// Containment and overlap are exact, and take at most one step for each pair of words.
//
// Both work on a normal form in which a run of neighbouring wildcards is written `*…*` and then one gap if there was
// a `#` in it: `#.*.#` becomes `*` gap, "one word or more". Names are without end, so there is always a fresh word
// that neither pattern writes out; a wildcard of the narrower pattern may be read as that word, since what the wider
// one does with it, it does with every other word, too.
//
// Containment runs the states of the wider pattern over the narrower one as over a topic. A gap in the narrower one
// stands for no word as well as for ever so many: what survives it is what needs neither, the states inside a run of
// the wider pattern that has a gap itself (they wait, and only come closer if there are more words), and nothing else:
// a state that counts exactly is killed by many words. That no counterexample is missed follows from matching each
// word at its first place: a match that needs a short gap and one that needs a long gap can be joined into one that
// works for both. The tests compare with brute force over all small patterns.

extension TopicPattern {
    /// Tells whether the pattern matches every topic that the other one matches.
    ///
    /// Exact, and of polynomial cost: at most one step for each pair of words.
    public func contains(_ other: TopicPattern) -> Bool {
        guard self.isSystem == other.isSystem else { return false }
        let wide = PatternShape(self)
        let narrow = PatternShape(other)
        var states = wide.initialStates
        var next = wide.noStates
        for token in narrow.tokens {
            for state in wide.tokens.indices where states[state] {
                switch (wide.tokens[state], token) {
                case (_, .gap): if wide.isElastic[state] { wide.insert(state, into: &next) }
                case (.gap, _): wide.insert(state, into: &next)
                case (.one, _): wide.insert(state + 1, into: &next)
                case (.literal(let word), .literal(let other)) where word.utf8.elementsEqual(other.utf8):
                    wide.insert(state + 1, into: &next)
                case (.literal, _): continue
                }
            }
            swap(&states, &next)
            for state in next.indices { next[state] = false }
        }
        return states[wide.tokens.count]
    }

    /// Tells whether there is a topic that both patterns match.
    ///
    /// Exact, and of polynomial cost: at most one step for each pair of words.
    public func overlaps(_ other: TopicPattern) -> Bool {
        guard self.isSystem == other.isSystem else { return false }
        let lhs = PatternShape(self).tokens
        let rhs = PatternShape(other).tokens
        // `row[right]`: both can have read the same words and stand at `left` and `right`. No step leads back.
        var row = Array(repeating: false, count: rhs.count + 1)
        row[0] = true
        for left in 0...lhs.count {
            var nextRow = Array(repeating: false, count: rhs.count + 1)
            for right in 0...rhs.count where row[right] {
                let leftToken = left < lhs.count ? lhs[left] : nil
                let rightToken = right < rhs.count ? rhs[right] : nil
                if leftToken?.isGap == true { nextRow[right] = true }
                if rightToken?.isGap == true { row[right + 1] = true }
                guard let leftToken, let rightToken, leftToken.isCompatible(with: rightToken) else { continue }
                switch (leftToken.isGap, rightToken.isGap) {
                case (true, true): continue
                case (true, false): row[right + 1] = true
                case (false, true): nextRow[right] = true
                case (false, false): nextRow[right + 1] = true
                }
            }
            if left == lhs.count { return row[rhs.count] }
            row = nextRow
        }
        return false
    }
}

/// A pattern in normal form: no two gaps in a row, and a gap after the single wildcards beside it.
private struct PatternShape {
    enum Token {
        case literal(Substring)
        case one
        case gap

        var isGap: Bool {
            if case .gap = self { true } else { false }
        }

        func isCompatible(with other: Token) -> Bool {
            guard case .literal(let lhs) = self, case .literal(let rhs) = other else { return true }
            return lhs.utf8.elementsEqual(rhs.utf8)
        }
    }

    var tokens: [Token] = []
    /// For each token, whether it is of a run of wildcards that has a gap.
    var isElastic: [Bool] = []

    init(_ pattern: TopicPattern) {
        var ones = 0
        var hasGap = false
        for word in pattern.words {
            switch word {
            case "*": ones += 1
            case "#": hasGap = true
            default:
                self.append(ones: ones, hasGap: hasGap, before: word)
                ones = 0
                hasGap = false
            }
        }
        self.append(ones: ones, hasGap: hasGap, before: nil)
    }

    private mutating func append(ones: Int, hasGap: Bool, before word: Substring?) {
        var ones = ones
        // At the start, a gap of no words would make a topic of the system, or no topic at all: neither is matched.
        if self.tokens.isEmpty, ones == 0, hasGap, word == nil || word == Substring(TopicName.systemWord) { ones = 1 }
        self.tokens += Array(repeating: .one, count: ones)
        if hasGap { self.tokens.append(.gap) }
        self.isElastic += Array(repeating: hasGap, count: ones + (hasGap ? 1 : 0))
        if let word {
            self.tokens.append(.literal(word))
            self.isElastic.append(false)
        }
    }

    var noStates: [Bool] { Array(repeating: false, count: self.tokens.count + 1) }

    var initialStates: [Bool] {
        var states = self.noStates
        self.insert(0, into: &states)
        return states
    }

    /// Adds a state, and the one behind a gap, which is reached without a word.
    func insert(_ state: Int, into states: inout [Bool]) {
        states[state] = true
        if state < self.tokens.count, self.tokens[state].isGap { states[state + 1] = true }
    }
}
