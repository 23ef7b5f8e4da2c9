// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import Synchronization

/// Who listens to a topic? A match counts as a message does elsewhere.
extension Contestant {
    /// Topics that return: what the bus finds routes by, as its publishers do it, under a lock and with a check that no
    /// subscription has come or gone.
    static let matchCached = Contestant.finding(name: "match-cached/omnibus") { matches, meter in
        struct Cache {
            var index = TopicIndex()
            var routes: [(generation: UInt64, tokens: [PatternTrie.Token])] = []
        }
        let rule = MatchRule(count: 37_000)
        let trie = try rule.trie()
        let topics = try (0..<512).map(rule.topic)
        let cache = Mutex(Cache())
        for topic in Set(topics) {
            var tokens: [PatternTrie.Token] = []
            trie.match(topic, into: &tokens)
            cache.withLock { cache in
                cache.index.insert(topic)
                cache.routes.append((trie.generation, tokens))
            }
        }
        let generation = Atomic(trie.generation)
        var found = 0

        let figure = await meter.perMessage(of: matches) {
            for n in 0..<matches {
                let current = generation.load(ordering: .acquiring)
                let topic = topics[n & 511]
                found += cache.withLock { cache in
                    guard let number = cache.index.number(of: topic), cache.routes[number].generation == current else {
                        return 0
                    }
                    return cache.routes[number].tokens.count
                }
            }
        }

        return (found, figure)
    }

    /// Topics that are all different, or nearly so: what the bus asks where no publisher has the route.
    static func matchUncached(patterns count: Int) -> Contestant {
        .finding(name: "match-\(count)/omnibus") { matches, meter in
            let rule = MatchRule(count: count)
            let trie = try rule.trie()
            let topics = try (0..<65_536).map(rule.topic)
            var tokens: [PatternTrie.Token] = []
            tokens.reserveCapacity(4_096)
            var found = 0

            let figure = await meter.perMessage(of: matches) {
                for n in 0..<matches {
                    trie.match(topics[n & 65_535], into: &tokens)
                    guard tokens.count > 4_000 else { continue }
                    found += tokens.count
                    tokens.removeAll(keepingCapacity: true)
                }
            }

            return (found + tokens.count, figure)
        }
    }
}
