// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

package import OmnibusJSON

/// Text in a line of `name=value`, for people and for programs that take the line apart.
///
/// What stands as it is has no quotation mark, equals sign, backslash or character that cannot be seen; everything else
/// is a string of JSON. So nothing in a text ends the line, moves what is shown, or looks like another value.
package enum LogText {
    /// A name or a value: no blanks stand in it as they are, and no bracket begins it as it would a list.
    package static func word(_ text: String) -> String {
        let isPlain =
            !text.hasPrefix("[") && !text.hasPrefix("{")
            && text.unicodeScalars.allSatisfy { !$0.properties.isWhitespace && Self.isPlain($0) }
        return isPlain && !text.isEmpty ? text : Self.json(.string(text))
    }

    /// A sentence, which ends where the last word before the first quotation mark or equals sign begins.
    package static func sentence(_ text: String) -> String {
        !text.isEmpty && text.unicodeScalars.allSatisfy(Self.isPlain) ? text : Self.json(.string(text))
    }

    /// A value as JSON; a number that JSON cannot say stands as `inf`, `-inf` or `nan`.
    package static func json(_ value: JSONValue) -> String {
        let text = value.description
        guard !text.unicodeScalars.allSatisfy(Self.isVisible) else { return text }
        var result = ""
        for scalar in text.unicodeScalars {
            if Self.isVisible(scalar) {
                result.unicodeScalars.append(scalar)
            } else {
                // Such characters stand in strings only, where JSON writes them so.
                for unit in String(scalar).utf16 {
                    let digits = String(unit, radix: 16)
                    result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                }
            }
        }
        return result
    }

    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        scalar != "\"" && scalar != "=" && scalar != "\\" && Self.isVisible(scalar)
    }

    /// Whether a character ends no line and changes neither the place nor the direction of what follows.
    private static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return scalar.value >= 0x20 && scalar.value != 0x7F }
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator, .format: return false
        default: return true
        }
    }
}
