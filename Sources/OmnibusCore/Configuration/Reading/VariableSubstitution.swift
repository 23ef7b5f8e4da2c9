// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// Fills variables of the environment into the texts of a configuration.
///
/// `${NAME}` is the variable, `${NAME:-default}` the same with a text for when it is unset or empty, as in a shell;
/// `$${` is `${` itself, and any other `$` stands for itself. What was filled in is not looked at again. Keys are left
/// alone.
struct VariableSubstitution {
    /// How much text may come of it in all, in bytes.
    static let maximumSize = 4_194_304

    /// The variables by name; nil where there are none to fill in, so that each is a finding.
    var environment: [String: String]?
    let log: ConfigurationLog
    private var size = 0

    init(environment: [String: String]?, log: ConfigurationLog) {
        self.environment = environment
        self.log = log
    }

    /// What became of a text.
    private enum Fault: Error {
        case unset(String)
        case noEnvironment(String)
        case malformed(String)
        case tooLarge
    }

    mutating func apply(to node: ConfigurationNode, at path: ConfigurationPath = ConfigurationPath())
        -> ConfigurationNode
    {
        var result = node
        switch node.value {
        case .text(let text) where text.utf8.contains(UInt8(ascii: "$")):
            do throws(Fault) {
                let (filled, isSubstituted) = try self.fill(text)
                result.value = .text(filled)
                result.isSubstituted = isSubstituted
            } catch {
                self.report(error, node, path)
                result.isUnknown = true
            }
        case .list(let nodes):
            result.value = .list(
                nodes.enumerated().map { index, node in self.apply(to: node, at: path.index(index)) }
            )
        case .section(let members):
            result.value = .section(
                members.map { member in
                    .init(key: member.key, node: self.apply(to: member.node, at: path.key(member.key)))
                }
            )
        default: break
        }
        return result
    }

    private mutating func fill(_ text: String) throws(Fault) -> (text: String, isSubstituted: Bool) {
        var filled = ""
        var isSubstituted = false
        var rest = text[...]
        while let dollar = rest.firstIndex(of: "$") {
            filled += rest[..<dollar]
            rest = rest[dollar...]
            if rest.hasPrefix("$${") {
                filled += "${"
                rest = rest.dropFirst(3)
            } else if rest.hasPrefix("${") {
                guard let end = rest.firstIndex(of: "}") else { throw .malformed("a '${' without a '}'") }
                filled += try self.value(of: rest[rest.index(rest.startIndex, offsetBy: 2)..<end])
                isSubstituted = true
                rest = rest[rest.index(after: end)...]
            } else {
                filled += "$"
                rest = rest.dropFirst()
            }
            guard self.size + filled.utf8.count <= Self.maximumSize else { throw .tooLarge }
        }
        self.size += filled.utf8.count
        return (filled + rest, isSubstituted)
    }

    private func value(of expression: Substring) throws(Fault) -> String {
        let name = expression.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
        let rest = expression.dropFirst(name.count)
        guard let first = name.first, !first.isNumber else { throw .malformed("a '${' without a variable's name") }
        guard let environment = self.environment else { throw .noEnvironment(String(name)) }
        let value = environment[String(name)]
        if rest.isEmpty {
            guard let value else { throw .unset(String(name)) }
            return value
        }
        guard rest.hasPrefix(":-") else {
            throw .malformed("\(Self.shown(name)) followed by something else than '}' or ':-'")
        }
        let fallback = rest.dropFirst(2)
        guard !fallback.contains("${") else { throw .malformed("a variable within the default of \(Self.shown(name))") }
        guard let value, !value.isEmpty else { return String(fallback) }
        return value
    }

    private func report(_ fault: Fault, _ node: ConfigurationNode, _ path: ConfigurationPath) {
        switch fault {
        case .unset(let name):
            self.log.add(
                path,
                node,
                found: "\(Self.shown(name)), which is not set",
                expected: "a value for it in the environment, or a default: '${NAME:-default}'; '$${' is a '${' itself"
            )
        case .noEnvironment(let name):
            self.log.add(
                path,
                node,
                found: "\(Self.shown(name)) where no environment is at hand",
                expected: "a value, or that the configuration is read as a file or text with its environment"
            )
        case .malformed(let found):
            self.log.add(path, node, found: found, expected: "'${NAME}' or '${NAME:-default}'; '$${' is a '${' itself")
        case .tooLarge:
            self.log.add(path, node, found: "variables that make the texts too long", expected: "4 MiB at most")
        }
    }

    /// A variable by its name, if that is one as variables usually have; anything else may be a piece of a secret with
    /// a `${` in it.
    private static func shown(_ name: some StringProtocol) -> String {
        let isUsual = name.utf8.allSatisfy { (0x41...0x5A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5F }
        return isUsual ? "the variable '\(name)'" : "a variable"
    }

    /// A text that stands for itself when variables are filled in.
    static func escaped(_ text: String) -> String {
        var escaped = ""
        var rest = text[...]
        while let dollar = rest.firstIndex(of: "$") {
            escaped += rest[..<dollar]
            rest = rest[dollar...].dropFirst()
            // Before `${` or `$${` one more is needed; each dollar is looked at by itself.
            escaped += rest.hasPrefix("{") ? "$$" : "$"
        }
        return escaped + rest
    }
}
