// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// How much the parser takes from a document before it refuses it.
public struct JSONLimits: Sendable, Hashable {
    /// What happens when an object has two members of one name.
    public enum DuplicateKeys: Sendable, Hashable {
        /// The document is refused.
        case refused
        /// The later value replaces the earlier one, in the earlier one's place.
        case keepLast
    }

    /// The largest depth that `depth` can ask for: comparing and releasing values takes stack by their depth.
    public static let greatestDepth: Int = 1_024

    /// The number of arrays and objects that may be open at once; 64 by default, 1,024 at most.
    public var depth: Int {
        didSet { self.depth = min(max(self.depth, 0), Self.greatestDepth) }
    }
    /// The document's size in bytes; 64 MiB by default.
    ///
    /// A document of nothing but short numbers takes some forty times its size in memory while it is read.
    public var size: Int
    /// What happens when an object has two members of one name; refused by default.
    public var duplicateKeys: DuplicateKeys

    /// Creates limits; a depth beyond `greatestDepth` is lowered to it.
    public init(depth: Int = 64, size: Int = 67_108_864, duplicateKeys: DuplicateKeys = .refused) {
        self.depth = min(max(depth, 0), Self.greatestDepth)
        self.size = size
        self.duplicateKeys = duplicateKeys
    }

    /// 64 levels, 64 MiB, no duplicate keys.
    public static let `default`: JSONLimits = JSONLimits()
}
