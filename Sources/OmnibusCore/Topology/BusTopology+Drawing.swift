// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

extension BusTopology {
    /// The topology as a flowchart of Mermaid: topics to the left, their subscriptions to the right.
    ///
    /// Source: the flowchart syntax of Mermaid, <https://mermaid.js.org/syntax/flowchart.html>.
    public var mermaid: String {
        var lines = ["flowchart LR"]
        for (number, node) in self.topics.enumerated() {
            lines.append("    t\(number)[\"\(Self.mermaidText(node.topic.name))\"]")
        }
        for (number, subscription) in self.subscriptions.enumerated() {
            let text = [subscription.label, subscription.counts].compactMap { $0 }.map(Self.mermaidText)
            lines.append("    s\(number)([\"\(text.joined(separator: "<br/>"))\"])")
        }
        let edges = self.edges
        for edge in edges.prefix(Self.edgeLimit) {
            let label = edge.pattern.map { "|\"\(Self.mermaidText($0.name))\"|" } ?? ""
            lines.append("    t\(edge.topic) -->\(label) s\(edge.subscription)")
        }
        if edges.count > Self.edgeLimit {
            lines.append("    %% \(edges.count - Self.edgeLimit) more arrows are left out")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The topology in Graphviz's language, for `dot -Tsvg`.
    ///
    /// Source: the DOT language, <https://graphviz.org/doc/info/lang.html>.
    public var graphviz: String {
        var lines = [
            "digraph \(Self.dotText(self.source)) {", "    rankdir=LR;", "    node [fontname=\"sans-serif\"];",
        ]
        for (number, node) in self.topics.enumerated() {
            lines.append("    t\(number) [shape=box, label=\(Self.dotText(node.topic.name))];")
        }
        for (number, subscription) in self.subscriptions.enumerated() {
            let text = [subscription.label, subscription.counts].compactMap { $0 }.joined(separator: "\n")
            lines.append("    s\(number) [shape=ellipse, label=\(Self.dotText(text))];")
        }
        let edges = self.edges
        for edge in edges.prefix(Self.edgeLimit) {
            let label = edge.pattern.map { " [label=\(Self.dotText($0.name))]" } ?? ""
            lines.append("    t\(edge.topic) -> s\(edge.subscription)\(label);")
        }
        if edges.count > Self.edgeLimit {
            lines.append("    // \(edges.count - Self.edgeLimit) more arrows are left out")
        }
        return lines.joined(separator: "\n") + "\n}\n"
    }

    /// How many arrows are drawn at most: nobody sees anything in more, and no program draws them.
    private static let edgeLimit = 2_000

    /// Which topic leads to which subscription, and by which pattern where that is not the topic itself.
    private var edges: [(topic: Int, subscription: Int, pattern: TopicPattern?)] {
        self.topics.indices.flatMap { topic in
            self.subscriptions.indices.compactMap { subscription in
                let (node, pattern) = (self.topics[topic], self.subscriptions[subscription].pattern)
                guard pattern.matches(node.topic) else { return nil }
                return (topic, subscription, pattern.name == node.topic.name ? nil : pattern)
            }
        }
    }

    /// Text inside quotation marks: everything that means something there is written as an entity.
    private static func mermaidText(_ text: String) -> String {
        text.unicodeScalars.reduce(into: "") { quoted, scalar in
            switch scalar {
            // The last three would begin a directive, wherever they stand.
            case "\"", "#", "&", "<", ">", "`", "|", "\\", "%", "{", "}": quoted += "#\(scalar.value);"
            case _ where scalar.value < 0x20: quoted += " "
            default: quoted.unicodeScalars.append(scalar)
            }
        }
    }

    private static func dotText(_ text: String) -> String {
        let escaped = text.unicodeScalars.reduce(into: "") { quoted, scalar in
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "&": quoted += "&amp;"  // or it might begin an entity
            case _ where scalar.value < 0x20: quoted += " "
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return "\"\(escaped)\""
    }
}
