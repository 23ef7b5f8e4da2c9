// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

extension TopicPattern {
    /// What a wildcard stands for in a topic.
    package struct Binding: Sendable, Hashable {
        package var wildcard: String
        package var words: [String]
    }

    /// What each wildcard stands for in a topic, in order; nil where the pattern does not match it.
    ///
    /// Where there are several ways, the earlier `#` takes as few words as it can.
    ///
    /// - Complexity: O(words of the pattern × words of the topic).
    package func bindings(of topic: Topic) -> [Binding]? {
        guard self.matches(topic) else { return nil }
        let pattern = self.words.map(String.init)
        let words = topic.words.map(String.init)
        // Whether what follows in the pattern matches what follows in the topic.
        var leads = Array(
            repeating: Array(repeating: false, count: words.count + 1),
            count: pattern.count + 1
        )
        leads[pattern.count][words.count] = true
        for place in pattern.indices.reversed() {
            for word in (0...words.count).reversed() {
                switch pattern[place] {
                case "#": leads[place][word] = leads[place + 1][word] || word < words.count && leads[place][word + 1]
                case "*": leads[place][word] = word < words.count && leads[place + 1][word + 1]
                default:
                    leads[place][word] =
                        word < words.count && pattern[place] == words[word] && leads[place + 1][word + 1]
                }
            }
        }
        guard leads[0][0] else { return nil }
        var bindings: [Binding] = []
        var word = 0
        for place in pattern.indices {
            let start = word
            if pattern[place] == "#" {
                while !leads[place + 1][word] { word += 1 }
            } else {
                word += 1
            }
            guard pattern[place] == "#" || pattern[place] == "*" else { continue }
            bindings.append(Binding(wildcard: pattern[place], words: Array(words[start..<word])))
        }
        return bindings
    }
}
