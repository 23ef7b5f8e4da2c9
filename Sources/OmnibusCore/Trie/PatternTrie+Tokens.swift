// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

extension PatternTrie {
    /// Adds a token to a node; false where it was there already.
    mutating func addToken(_ token: Token, at place: Place) -> Bool {
        var node = self.node(at: place)
        guard self.addToken(token, to: &node) else { return false }
        self.setNode(node, at: place)
        return true
    }

    private mutating func addToken(_ token: Token, to node: inout Node) -> Bool {
        if let list = node.list {
            let place = Self.place(of: token, in: self.tokenLists[list])
            if place < self.tokenLists[list].count, self.tokenLists[list][place] == token { return false }
            self.tokenLists[list].insert(token, at: place)
            return true
        }
        var tokens = [node.token, node.secondToken].filter { $0 != Self.none }
        if tokens.contains(token) { return false }
        tokens.append(token)
        tokens.sort()
        if !node.hold(tokens) { node.setList(self.newList(of: tokens)) }
        return true
    }

    private mutating func newList(of tokens: [Token]) -> Int {
        guard let reused = self.freeLists.popLast() else {
            self.tokenLists.append(tokens)
            return self.tokenLists.count - 1
        }
        self.tokenLists[Int(reused)] = tokens
        return Int(reused)
    }

    /// Takes a token away from a node; false where it was not there.
    mutating func removeToken(_ token: Token, at place: Place) -> Bool {
        var node = self.node(at: place)
        guard self.removeToken(token, from: &node) else { return false }
        self.setNode(node, at: place)
        return true
    }

    private mutating func removeToken(_ token: Token, from node: inout Node) -> Bool {
        guard let list = node.list else {
            let tokens = [node.token, node.secondToken].filter { $0 != Self.none }
            return tokens.contains(token) && node.hold(tokens.filter { $0 != token })
        }
        let place = Self.place(of: token, in: self.tokenLists[list])
        guard place < self.tokenLists[list].count, self.tokenLists[list][place] == token else { return false }
        self.tokenLists[list].remove(at: place)
        let count = self.tokenLists[list].count
        if count <= 2, node.hold(self.tokenLists[list]) {
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
}

extension PatternTrie.Node {
    /// The place of the node's list of tokens, where it has one.
    var list: Int? {
        self.token == PatternTrie.none || self.token & PatternTrie.listMark == 0
            ? nil : Int(self.token & ~PatternTrie.listMark)
    }

    mutating func setList(_ place: Int) {
        self.token = UInt32(place) | PatternTrie.listMark
        self.secondToken = PatternTrie.none
    }

    /// Holds tokens itself; false, with nothing changed, where they are more than two or do not fit.
    fileprivate mutating func hold(_ tokens: [PatternTrie.Token]) -> Bool {
        guard tokens.count <= 2, tokens.allSatisfy({ $0 < PatternTrie.listMark }) else { return false }
        self.token = tokens.first ?? PatternTrie.none
        self.secondToken = tokens.count == 2 ? tokens[1] : PatternTrie.none
        return true
    }
}
