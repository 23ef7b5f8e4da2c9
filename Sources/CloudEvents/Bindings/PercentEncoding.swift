// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// The encoding of header values in the HTTP binding, section 3.1.3.2, which NATS shares.
package enum PercentEncoding {
    private static let digits = Array("0123456789ABCDEF".utf8)

    /// Encodes a text: blanks, double quotes, percent signs, and all that is not printable ASCII.
    package static func encode(_ text: String) -> String {
        var result: [UInt8] = []
        result.reserveCapacity(text.utf8.count)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "%"), 0x00...0x20, 0x7F...0xFF:
                result.append(UInt8(ascii: "%"))
                result.append(self.digits[Int(byte >> 4)])
                result.append(self.digits[Int(byte & 0x0F)])
            default: result.append(byte)
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// Decodes a header's value: first what is in double quotes, then percent signs, once.
    ///
    /// Throws a `CloudEventError` for what is not encoded so, or is not UTF-8.
    package static func decode(_ value: String, attribute: String? = nil) throws(CloudEventError) -> String {
        let unquoted = try self.unquote(value.utf8, attribute)
        var result: [UInt8] = []
        result.reserveCapacity(unquoted.count)
        var rest = unquoted[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                result.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap({ self.worth($0) }),
                let low = rest.popFirst().flatMap({ self.worth($0) })
            else { throw self.error(attribute, "a '%' without two hexadecimal digits") }
            result.append(high << 4 | low)
        }
        guard let text = String(validating: result, as: UTF8.self) else {
            throw self.error(attribute, "bytes that are not UTF-8")
        }
        return text
    }

    /// What is in double quotes without them, and what follows a backslash there as it is (RFC 7230, section 3.2.6).
    private static func unquote(_ value: String.UTF8View, _ attribute: String?) throws(CloudEventError) -> [UInt8] {
        guard value.contains(UInt8(ascii: "\"")) else { return Array(value) }
        var result: [UInt8] = []
        var isQuoted = false
        var rest = value[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\""): isQuoted.toggle()
            case UInt8(ascii: "\\") where isQuoted:
                guard let next = rest.popFirst() else { throw self.error(attribute, "a backslash at the end") }
                result.append(next)
            default: result.append(byte)
            }
        }
        if isQuoted { throw self.error(attribute, "a double quote without its other") }
        return result
    }

    private static func worth(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    private static func error(_ attribute: String?, _ found: String) -> CloudEventError {
        CloudEventError(
            .invalidEncoding,
            attribute: attribute,
            rule: .percentEncoding,
            found: found,
            expected: "percent-encoded UTF-8"
        )
    }
}
