// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus

/// Makes a tree of a parser's events: fills in aliases, and refuses what has no one meaning.
struct YAMLComposer {
    /// A node, and what it counts for when an alias repeats it.
    private struct Composed {
        var node: ConfigurationNode
        var count = 1
        var bytes = 0
        /// How many levels of lists and sections are in it, itself included.
        var depth = 0
    }

    /// A list or section that is not finished.
    private struct Open {
        var place: ConfigurationNode.Place
        var anchor: String?
        var isSection: Bool
        var nodes: [ConfigurationNode] = []
        var members: [ConfigurationNode.Member] = []
        /// The places of the keys, for those that come again.
        var keys: [String: ConfigurationNode.Place] = [:]
        /// The key whose value comes next.
        var key: String?
        var composed = Composed(node: ConfigurationNode(.null), count: 1, bytes: 0, depth: 1)
    }

    /// How many bytes the texts have at most, what aliases repeat included.
    private static let maximumBytes = 4 * ConfigurationFormat.maximumSize
    private static let tagPrefix = "tag:yaml.org,2002:"

    private var open: [Open] = []
    private var anchors: [String: Composed] = [:]
    private var document: Composed?
    private var documents = 0
    private var count = 0
    private var bytes = 0

    mutating func take(
        _ event: YAMLEvent,
        at place: ConfigurationNode.Place
    ) throws(ConfigurationSyntaxError) {
        switch event {
        case .documentStart(let version):
            try self.startDocument(version, place)
        case .documentEnd:
            break
        case .alias(let name):
            try self.add(try self.resolve(name, place), place)
        case .scalar(let text, let tag, let isPlain, let anchor):
            if let last = self.open.last, last.isSection, last.key == nil {
                try self.takeKey(text, isPlain: isPlain, tag: tag, place)
                if let anchor { self.anchors[anchor] = Composed(node: ConfigurationNode(.text(text), at: place)) }
                return
            }
            let value = try YAMLScalar.value(
                of: text,
                tag: self.shortTag(tag),
                isPlain: isPlain,
                at: place,
                in: self.path
            )
            let composed = Composed(node: ConfigurationNode(value, at: place), bytes: text.utf8.count)
            if let anchor { self.anchors[anchor] = composed }
            try self.add(composed, place)
        case .listStart(let tag, let anchor):
            try self.begin(isSection: false, tag, anchor, place)
        case .sectionStart(let tag, let anchor):
            try self.begin(isSection: true, tag, anchor, place)
        case .end:
            guard let last = self.open.popLast() else { return }
            var composed = last.composed
            composed.node = ConfigurationNode(
                last.isSection ? .section(last.members) : .list(last.nodes),
                at: last.place
            )
            if let anchor = last.anchor { self.anchors[anchor] = composed }
            try self.put(composed, last.place)
        }
    }

    /// The whole document.
    consuming func finish() throws(ConfigurationSyntaxError) -> ConfigurationNode {
        guard let document = self.document else {
            throw ConfigurationSyntaxError(place: nil, found: "nothing", expected: "a document")
        }
        return document.node
    }

    // MARK: Parts

    private mutating func startDocument(
        _ version: String?,
        _ place: ConfigurationNode.Place
    ) throws(ConfigurationSyntaxError) {
        self.documents += 1
        guard self.documents == 1 else {
            throw ConfigurationSyntaxError(place: place, found: "a second document", expected: "one")
        }
        if let version, version != "1.2" {
            throw ConfigurationSyntaxError(
                place: place,
                found: "the directive '%YAML \(version)'",
                expected: "YAML 1.2, in which values such as 'yes' or '010' mean something else"
            )
        }
    }

    private mutating func takeKey(
        _ key: String,
        isPlain: Bool,
        tag: String?,
        _ place: ConfigurationNode.Place
    ) throws(ConfigurationSyntaxError) {
        if key == "<<", isPlain || tag == Self.tagPrefix + "merge" {
            throw self.fault(place, "a merge key, '<<'", "keys and values; an alias can stand for a whole value")
        }
        if let tag = self.shortTag(tag), tag != "str", tag != "!" {
            throw self.fault(place, "a key with a tag", "a key that is a text")
        }
        if let first = self.open[self.open.count - 1].keys.updateValue(place, forKey: key) {
            self.open[self.open.count - 1].key = key
            throw self.fault(place, "the same key again, after \(first)", "each key once")
        }
        self.open[self.open.count - 1].key = key
        try self.charge(0, key.utf8.count, place)
    }

    private mutating func begin(
        isSection: Bool,
        _ tag: String?,
        _ anchor: String?,
        _ place: ConfigurationNode.Place
    ) throws(ConfigurationSyntaxError) {
        if let last = self.open.last, last.isSection, last.key == nil {
            throw self.fault(place, "a key that is a \(isSection ? "section" : "list")", "a key that is a text")
        }
        let known = isSection ? "map" : "seq"
        if let tag = self.shortTag(tag), tag != known, tag != "!" {
            throw self.fault(place, "a tag that is not of the core schema", "no tag, or '!!\(known)'")
        }
        try self.check(depth: self.open.count + 1, place)
        try self.charge(1, 0, place)
        // Whoever refers to it before it is finished is in it.
        if let anchor { self.anchors[anchor] = nil }
        self.open.append(Open(place: place, anchor: anchor, isSection: isSection))
    }

    private func resolve(
        _ name: String,
        _ place: ConfigurationNode.Place
    ) throws(ConfigurationSyntaxError) -> Composed {
        if self.open.contains(where: { $0.anchor == name }), self.anchors[name] == nil {
            throw self.fault(place, "an alias for what it is in", "an alias for what is finished before")
        }
        guard let composed = self.anchors[name] else {
            throw self.fault(place, "an alias without an anchor", "an anchor of that name before it")
        }
        if let last = self.open.last, last.isSection, last.key == nil {
            throw self.fault(place, "an alias in the place of a key", "a key that is a text")
        }
        return composed
    }

    /// Adds a scalar, or what an alias stands for.
    private mutating func add(
        _ composed: Composed,
        _ place: ConfigurationNode.Place
    ) throws(ConfigurationSyntaxError) {
        try self.check(depth: self.open.count + composed.depth, place)
        try self.charge(composed.count, composed.bytes, place)
        try self.put(composed, place)
    }

    /// Puts a finished node, which was counted before, where it belongs.
    private mutating func put(_ composed: Composed, _ place: ConfigurationNode.Place) throws(ConfigurationSyntaxError) {
        guard var last = self.open.popLast() else {
            self.document = composed
            return
        }
        last.composed.count += composed.count
        last.composed.bytes += composed.bytes + (last.key?.utf8.count ?? 0)
        last.composed.depth = max(last.composed.depth, composed.depth + 1)
        if last.isSection, let key = last.key {
            last.members.append(.init(key: key, node: composed.node))
            last.key = nil
        } else {
            last.nodes.append(composed.node)
        }
        self.open.append(last)
    }

    // MARK: Limits

    private func check(depth: Int, _ place: ConfigurationNode.Place) throws(ConfigurationSyntaxError) {
        guard depth > ConfigurationFormat.maximumDepth else { return }
        let limit = ConfigurationFormat.maximumDepth
        throw self.fault(place, "more than \(limit) lists and sections in each other", "\(limit) at most")
    }

    private mutating func charge(
        _ count: Int,
        _ bytes: Int,
        _ place: ConfigurationNode.Place
    ) throws(ConfigurationSyntaxError) {
        self.count += count
        self.bytes += bytes
        guard self.count <= ConfigurationFormat.maximumCount, self.bytes <= Self.maximumBytes else {
            throw self.fault(
                place,
                "more values than are read, counting what aliases repeat",
                "\(ConfigurationFormat.maximumCount) values and \(Self.maximumBytes) bytes of text at most"
            )
        }
    }

    private func shortTag(_ tag: String?) -> String? {
        guard let tag, tag.hasPrefix(Self.tagPrefix) else { return tag }
        return String(tag.dropFirst(Self.tagPrefix.count))
    }

    /// The path of what comes next.
    private var path: String {
        self.open.reduce(into: "") { path, open in
            if let key = open.key {
                path += (path.isEmpty ? "" : ".") + ConfigurationNode.shown(key)
            } else if !open.isSection {
                path += "[\(open.nodes.count)]"
            }
        }
    }

    private func fault(
        _ place: ConfigurationNode.Place,
        _ found: String,
        _ expected: String
    ) -> ConfigurationSyntaxError {
        ConfigurationSyntaxError(place: place, path: self.path, found: found, expected: expected)
    }
}
