// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// Collects what is wrong while a configuration is read, so that all of it is told at once.
///
/// It stays with the one call that reads.
final class ConfigurationLog {
    private(set) var findings: [ConfigurationFinding] = []
    /// Where every value that a variable of the environment can set would be; collected only when asked for.
    private(set) var knownPaths: [[String]]?

    init(collectsPaths: Bool = false) {
        self.knownPaths = collectsPaths ? [] : nil
    }

    func add(_ path: ConfigurationPath, _ node: ConfigurationNode?, found: String? = nil, expected: String) {
        self.findings.append(
            ConfigurationFinding(
                path: path.description,
                place: node?.place?.description,
                found: found ?? node?.kind ?? "nothing",
                expected: expected
            )
        )
    }

    func note(_ path: ConfigurationPath) {
        self.knownPaths?.append(path.keys)
    }
}

/// The way to a value, from the top of a configuration.
struct ConfigurationPath: CustomStringConvertible {
    private(set) var description = ""
    /// The keys on the way, without places in lists.
    private(set) var keys: [String] = []

    func key(_ key: String) -> ConfigurationPath {
        var path = self
        path.description += (self.description.isEmpty ? "" : ".") + KeyName.shown(key)
        path.keys.append(key)
        return path
    }

    func index(_ index: Int) -> ConfigurationPath {
        var path = self
        path.description += "[\(index)]"
        return path
    }
}
