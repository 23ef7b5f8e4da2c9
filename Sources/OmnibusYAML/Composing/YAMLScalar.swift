// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus

/// What a scalar means, by the core schema of YAML 1.2 (section 10.3.2).
enum YAMLScalar {
    static func value(
        of text: String,
        tag: String?,
        isPlain: Bool,
        at place: ConfigurationNode.Place,
        in path: String
    ) throws(ConfigurationSyntaxError) -> ConfigurationNode.Value {
        let value: ConfigurationNode.Value?
        switch tag {
        case nil: value = isPlain ? self.plain(text) : .text(text)
        case "!", "str": value = .text(text)
        case "null": value = self.isNull(text) ? .null : nil
        case "bool": value = self.boolean(text).map { .boolean($0) }
        case "int": value = self.integer(text)
        case "float": value = self.number(text)
        default:
            throw ConfigurationSyntaxError(
                place: place,
                path: path,
                found: "a tag that is not of the core schema",
                expected: "no tag, or '!!str', '!!int', '!!float', '!!bool' or '!!null'"
            )
        }
        guard let value else {
            throw ConfigurationSyntaxError(
                place: place,
                path: path,
                found: "a value that is not what its tag says",
                expected: "one that is, or no tag"
            )
        }
        if case .number(let number) = value, !number.isFinite {
            throw ConfigurationSyntaxError(
                place: place,
                path: path,
                found: "a number that is not finite",
                expected: "a finite one"
            )
        }
        return value
    }

    private static func plain(_ text: String) -> ConfigurationNode.Value {
        if self.isNull(text) { return .null }
        if let boolean = self.boolean(text) { return .boolean(boolean) }
        return self.integer(text) ?? self.number(text) ?? .text(text)
    }

    private static func isNull(_ text: String) -> Bool { ["", "~", "null", "Null", "NULL"].contains(text) }

    private static func boolean(_ text: String) -> Bool? {
        switch text {
        case "true", "True", "TRUE": true
        case "false", "False", "FALSE": false
        default: nil
        }
    }

    private static func integer(_ text: String) -> ConfigurationNode.Value? {
        if text.hasPrefix("0o") { return self.digits(text.dropFirst(2), radix: 8) }
        if text.hasPrefix("0x") { return self.digits(text.dropFirst(2), radix: 16) }
        let digits = text.hasPrefix("-") || text.hasPrefix("+") ? text.dropFirst() : text[...]
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int64(text).map { .integer($0) } ?? Double(text).map { .number($0) }
    }

    private static func digits(_ digits: Substring, radix: Int) -> ConfigurationNode.Value? {
        // The initialiser would take a sign.
        guard let first = digits.utf8.first, first != 0x2B, first != 0x2D else { return nil }
        return Int64(digits, radix: radix).map { .integer($0) }
    }

    private static func number(_ text: String) -> ConfigurationNode.Value? {
        var rest = Array(text.utf8)[...]
        if rest.first == 0x2B || rest.first == 0x2D { rest = rest.dropFirst() }
        if [".inf", ".Inf", ".INF"].contains(String(decoding: rest, as: UTF8.self)) { return .number(.infinity) }
        if [".nan", ".NaN", ".NAN"].contains(text) { return .number(.nan) }
        let whole = rest.prefix { (0x30...0x39).contains($0) }
        rest = rest.dropFirst(whole.count)
        var fraction: ArraySlice<UInt8> = []
        if rest.first == 0x2E {
            fraction = rest.dropFirst().prefix { (0x30...0x39).contains($0) }
            rest = rest.dropFirst(1 + fraction.count)
        }
        guard !whole.isEmpty || !fraction.isEmpty else { return nil }
        if rest.first == 0x65 || rest.first == 0x45 {
            rest = rest.dropFirst()
            if rest.first == 0x2B || rest.first == 0x2D { rest = rest.dropFirst() }
            guard !rest.isEmpty, rest.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
            rest = []
        }
        guard rest.isEmpty else { return nil }
        return Double(text).map { .number($0) }
    }
}
