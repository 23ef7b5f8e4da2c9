// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

extension JSONValue {
    /// Writes the value as JSON, in UTF-8.
    ///
    /// Doubles are written as the shortest text that reads back as the same double, decimals as they were. Throws a
    /// `JSONError` for an infinite number or NaN, which JSON cannot say, and for a value nested more than 1,024 deep.
    public func bytes(_ options: JSONWritingOptions = .compact) throws(JSONError) -> [UInt8] {
        var writer = JSONWriter(options: options)
        try writer.write(self)
        return writer.output
    }

    /// Writes the value as JSON; what `bytes(_:)` says holds here too.
    public func text(_ options: JSONWritingOptions = .compact) throws(JSONError) -> String {
        String(decoding: try self.bytes(options), as: UTF8.self)
    }

    /// Returns the canonical form (RFC 8785) of a document, whose bytes may be in any other form.
    ///
    /// A document that has two members of one name has no canonical form and is refused, whatever the limits say.
    public static func canonicalBytes(
        of document: some Collection<UInt8>,
        limits: JSONLimits = .default
    ) throws(JSONError) -> [UInt8] {
        var limits = limits
        limits.duplicateKeys = .refused
        return try JSONValue(parsing: document, limits: limits).bytes(.canonical)
    }
}

extension JSONValue: CustomStringConvertible {
    /// The value as compact JSON, for people: a number that JSON cannot say stands as `inf`, `-inf` or `nan`.
    public var description: String {
        var writer = JSONWriter(options: .compact, describesNonFinite: true)
        do throws(JSONError) {
            try writer.write(self)
        } catch {
            return error.description
        }
        return String(decoding: writer.output, as: UTF8.self)
    }
}
