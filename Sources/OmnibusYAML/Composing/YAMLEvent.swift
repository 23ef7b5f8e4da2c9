// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// A step through a YAML document, as a parser reports it.
enum YAMLEvent: Sendable, Equatable {
    case documentStart(version: String?)
    case documentEnd
    case alias(String)
    case scalar(String, tag: String?, isPlain: Bool, anchor: String?)
    case listStart(tag: String?, anchor: String?)
    case sectionStart(tag: String?, anchor: String?)
    /// The end of the list or section that was begun last.
    case end
}
