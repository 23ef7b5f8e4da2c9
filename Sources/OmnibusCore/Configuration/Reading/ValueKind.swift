// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// What one key may hold, and how it is read.
struct ValueKind<Value> {
    /// What a reading comes to.
    enum Outcome {
        case value(Value)
        /// It is of another kind, or out of range in a way that the kind says enough about.
        case wrong
        /// The same, told in other words.
        case found(String)
        /// An element of a list is wrong.
        case element(Int, ConfigurationNode, found: String?)
    }

    var expected: String
    private let parse: (ConfigurationNode) -> Outcome

    init(_ expected: String, _ parse: @escaping (ConfigurationNode) -> Outcome) {
        self.expected = expected
        self.parse = parse
    }

    func read(_ node: ConfigurationNode, _ path: ConfigurationPath, _ log: ConfigurationLog) -> Value? {
        if node.isUnknown { return nil }
        switch self.outcome(of: node) {
        case .value(let value): return value
        case .wrong: log.add(path, node, expected: self.expected)
        case .found(let found): log.add(path, node, found: found, expected: self.expected)
        case .element(let index, let node, let found):
            log.add(path.index(index), node, found: found, expected: self.expected)
        }
        return nil
    }
}

extension ValueKind {
    fileprivate func outcome(of node: ConfigurationNode) -> Outcome {
        node.fault.map { .found($0) } ?? self.parse(node)
    }
}

extension ValueKind where Value == String {
    /// A text that is not empty and has no control characters; a number or a boolean is none.
    static func text(_ expected: String = "a text") -> ValueKind {
        ValueKind(expected) { node in
            guard let text = node.text, !text.isEmpty else { return .wrong }
            // A NUL would end the text early for whoever hands it to the system.
            guard !text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) else {
                return .found("a text with a control character")
            }
            return .value(text)
        }
    }

    /// One of some texts.
    static func choice(_ choices: [String]) -> ValueKind {
        .choice(choices.map { ($0, $0) })
    }
}

extension ValueKind {
    /// One of some names, each of which means a value.
    static func choice(_ choices: [(name: String, value: Value)]) -> ValueKind {
        let names = choices.map { "'\($0.name)'" }
        let list = names.dropLast().joined(separator: ", ") + (names.count > 1 ? " or " : "") + (names.last ?? "")
        return ValueKind(list) { node in
            guard let text = node.text else { return .wrong }
            if let choice = choices.first(where: { $0.name == text }) { return .value(choice.value) }
            // The text itself is not shown: it may be a secret that stands in the wrong place.
            let nearest = KeyName.nearest(to: text, among: choices.map(\.name)).map { " (did you mean '\($0)'?)" } ?? ""
            return .found("\(node.kind) that is none of them\(nearest)")
        }
    }
}

extension ValueKind where Value == Bool {
    /// True or false; nothing else is one, not even `yes`.
    static var boolean: ValueKind {
        ValueKind("true or false, not a text such as 'yes' or 'on'") { node in
            switch node.value {
            case .boolean(let value): .value(value)
            case .text("true") where node.isSubstituted: .value(true)
            case .text("false") where node.isSubstituted: .value(false)
            default: .wrong
            }
        }
    }
}

extension ValueKind where Value == Int {
    /// A whole number within a range.
    static func integer(_ range: ClosedRange<Int>) -> ValueKind {
        ValueKind("a whole number from \(range.lowerBound) to \(range.upperBound)") { node in
            guard let number = node.wholeNumber else { return .wrong }
            return range.contains(number) ? .value(number) : .found(node.shown(number))
        }
    }

    /// A number of bytes, or a text with a unit.
    static func size(_ range: ClosedRange<Int> = 1...Int(Int32.max)) -> ValueKind {
        ValueKind("a size from \(range.lowerBound) to \(range.upperBound) bytes, as a number or a text such as '1MiB'")
        {
            node in
            guard let number = node.wholeNumber ?? node.text.flatMap(SizeText.bytes) else { return .wrong }
            return range.contains(number) ? .value(number) : .found(node.shown(number, "bytes"))
        }
    }
}

extension ValueKind where Value == Double {
    /// A number within a range.
    static func number(_ range: ClosedRange<Double>) -> ValueKind {
        ValueKind("a number from \(range.lowerBound) to \(range.upperBound)") { node in
            guard let number = node.anyNumber else { return .wrong }
            return range.contains(number) ? .value(number) : .found("a number out of range")
        }
    }
}

extension ValueKind where Value == Duration {
    /// The longest duration that a configuration takes: ten years.
    static var longest: Duration { .seconds(10 * 365 * 86_400) }

    /// A number of seconds, or a text with a unit.
    static func duration(fromZero: Bool = false) -> ValueKind {
        ValueKind(
            "\(fromZero ? "zero or " : "")a positive duration of up to ten years, "
                + "as a number of seconds or a text such as '500ms', '30s', '15m', '24h', '7d'"
        ) { node in
            guard
                let duration = node.anyNumber.flatMap(DurationText.seconds) ?? node.text.flatMap(DurationText.duration)
            else { return .wrong }
            guard duration <= Self.longest, fromZero ? duration >= .zero : duration > .zero else {
                return .found("a duration out of range")
            }
            return .value(duration)
        }
    }
}

extension ValueKind where Value == Secret {
    /// A text that is never shown.
    static func secret(_ expected: String = "a text that is not empty") -> ValueKind {
        ValueKind(expected) { node in
            guard let text = node.text, !text.isEmpty else { return .wrong }
            return .value(Secret(text))
        }
    }
}

extension ValueKind where Value == ConnectionURL {
    /// An address, of one of some schemes unless any will do.
    static func url(_ schemes: [String], example: String) -> ValueKind {
        let schemeList = schemes.map { "'\($0)://'" }.joined(separator: " or ")
        return ValueKind("an address\(schemes.isEmpty ? "" : " that begins with \(schemeList)"), such as '\(example)'")
        {
            node in
            guard let text = node.text, let url = ConnectionURL(text) else { return .wrong }
            guard schemes.isEmpty || schemes.contains(url.scheme) else {
                return .found("\(node.kind) that begins with another scheme")
            }
            return .value(url)
        }
    }
}

extension ValueKind {
    /// A list of values, or one text with commas between them.
    static func list<Element>(of kind: ValueKind<Element>, _ expected: String) -> ValueKind where Value == [Element] {
        ValueKind(expected) { node in
            let nodes: [ConfigurationNode]
            switch node.value {
            case .list(let elements): nodes = elements
            case .text(let text):
                nodes = text.split(separator: ",", omittingEmptySubsequences: false).map {
                    var part = node
                    part.value = .text(String($0.drop { $0 == " " }))
                    return part
                }
            default: return .wrong
            }
            guard !nodes.isEmpty else { return .found("an empty list") }
            var values: [Element] = []
            for (index, node) in nodes.enumerated() where !node.isUnknown {
                switch kind.outcome(of: node) {
                case .value(let value): values.append(value)
                case .found(let found): return .element(index, node, found: found)
                case .wrong, .element: return .element(index, node, found: nil)
                }
            }
            return .value(values)
        }
    }
}

extension ConfigurationNode {
    /// The whole number, if this is one, or a variable's text that says one.
    var wholeNumber: Int? {
        switch self.value {
        case .integer(let value): Int(exactly: value)
        case .number(let value): Int(exactly: value)
        case .text(let text) where self.isSubstituted: Int(text)
        default: nil
        }
    }

    /// The number, if this is one, or a variable's text that says one.
    var anyNumber: Double? {
        switch self.value {
        case .integer(let value): Double(value)
        case .number(let value): value
        case .text(let text) where self.isSubstituted: Double(text)
        default: nil
        }
    }

    /// A number that is out of range, unless it came out of a variable.
    func shown(_ number: Int, _ unit: String? = nil) -> String {
        self.isSubstituted ? "a number out of range" : "\(number)\(unit.map { " \($0)" } ?? "")"
    }
}
