// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

public import OmnibusJSON

/// What a CloudEvent is about, in the form in which it was given.
public enum CloudEventData: Sendable, Hashable {
    /// Data that is a JSON value, which JSON formats embed as such.
    case json(JSONValue)
    /// Data that is a text, sent as its UTF-8 bytes.
    case text(String)
    /// Bytes of the content type that the event names.
    case bytes([UInt8])
}

extension CloudEventData {
    /// Takes bytes for what their content type says, where writing that gives the same bytes; for bytes otherwise.
    package init(exactly bytes: [UInt8], contentType: String?) {
        self = .bytes(bytes)
        guard let type = contentType.flatMap({ MediaType($0) }) else { return }
        if type.isJSON, type.isUTF8 {
            let limits = JSONLimits(depth: 512)
            if let value = try? JSONValue(parsing: bytes, limits: limits), (try? value.bytes()) == bytes {
                self = .json(value)
            }
        } else if type.isText, let text = String(validating: bytes, as: UTF8.self) {
            self = .text(text)
        }
    }
}
