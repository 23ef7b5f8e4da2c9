// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

extension PatternTrie {
    /// Adds a token to a node; false where it was there already.
    mutating func addToken(_ token: Token, to node: UInt32) -> Bool {
        let entry = self.nodes[Int(node)].tokens
        if entry == Self.none, token < Self.listMark {
            self.nodes[Int(node)].tokens = token
            return true
        }
        if entry != Self.none, entry & Self.listMark != 0 {
            let list = Int(entry & ~Self.listMark)
            let place = Self.place(of: token, in: self.tokenLists[list])
            if place < self.tokenLists[list].count, self.tokenLists[list][place] == token { return false }
            self.tokenLists[list].insert(token, at: place)
            return true
        }
        if entry == token { return false }
        let tokens = entry == Self.none ? [token] : [min(entry, token), max(entry, token)]
        if let reused = self.freeLists.popLast() {
            self.tokenLists[Int(reused)] = tokens
            self.nodes[Int(node)].tokens = reused | Self.listMark
        } else {
            self.nodes[Int(node)].tokens = UInt32(self.tokenLists.count) | Self.listMark
            self.tokenLists.append(tokens)
        }
        return true
    }

    /// Takes a token away from a node; false where it was not there.
    mutating func removeToken(_ token: Token, from node: UInt32) -> Bool {
        let entry = self.nodes[Int(node)].tokens
        guard entry != Self.none else { return false }
        guard entry & Self.listMark != 0 else {
            guard entry == token else { return false }
            self.nodes[Int(node)].tokens = Self.none
            return true
        }
        let list = Int(entry & ~Self.listMark)
        let place = Self.place(of: token, in: self.tokenLists[list])
        guard place < self.tokenLists[list].count, self.tokenLists[list][place] == token else { return false }
        self.tokenLists[list].remove(at: place)
        let count = self.tokenLists[list].count
        if count <= 1, (self.tokenLists[list].first ?? 0) < Self.listMark {
            self.nodes[Int(node)].tokens = self.tokenLists[list].first ?? Self.none
            self.tokenLists[list] = []
            self.freeLists.append(UInt32(list))
        } else if count > 16, count * 4 < self.tokenLists[list].capacity {
            self.tokenLists[list] = Array(self.tokenLists[list][...])
        }
        return true
    }

    /// Where a token is in a sorted list, or would be.
    static func place(of token: Token, in tokens: [Token]) -> Int {
        guard let last = tokens.last, last >= token else { return tokens.count }
        var low = 0
        var high = tokens.count
        while low < high {
            let middle = (low + high) / 2
            if tokens[middle] < token { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Appends the tokens that a node's entry stands for.
    @inline(__always)
    static func append(_ entry: UInt32, of lists: [[Token]], to tokens: inout [Token]) {
        if entry == Self.none { return }
        if entry & Self.listMark == 0 {
            tokens.append(entry)
        } else {
            tokens.append(contentsOf: lists[Int(entry & ~Self.listMark)])
        }
    }
}
