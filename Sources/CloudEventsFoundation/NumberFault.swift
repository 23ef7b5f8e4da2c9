// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusJSON

/// Finds the number that a decoder did not take: its error does not say where it is.
enum NumberFault {
    /// Returns a decoder's error with the path of the number that it is about, or as it was where it is about none.
    ///
    /// Decodes the document again with a part of its numbers as 0, about as many times as their number has binary
    /// digits, and only after an error.
    static func error<Value>(
        _ context: DecodingError.Context,
        in document: JSONDocument,
        decode: (JSONValue) throws -> Value
    ) -> DecodingError {
        let asBefore = DecodingError.dataCorrupted(context)
        guard let value = document.parsed() else { return asBefore }
        var count = Int.max
        _ = Self.zeroed(value, &count)
        let numbers = Int.max - count
        func fails(with zeros: Int) -> Bool {
            var count = zeros
            do {
                _ = try decode(Self.zeroed(value, &count))
                return false
            } catch DecodingError.dataCorrupted(let context) where context.codingPath.isEmpty {
                return true
            } catch {
                return false
            }
        }
        guard numbers > 0, !fails(with: numbers) else { return asBefore }
        // With so many zeros from the beginning it fails, and with one more it does not.
        var (failing, passing) = (0, numbers)
        while passing - failing > 1 {
            let middle = failing + (passing - failing) / 2
            if fails(with: middle) { failing = middle } else { passing = middle }
        }
        var place = failing
        guard let path = Self.path(ofNumber: &place, in: value) else { return asBefore }
        let name = path.map { $0.intValue.map(String.init) ?? $0.stringValue }.joined(separator: ".")
        return .dataCorrupted(
            DecodingError.Context(
                codingPath: path,
                debugDescription:
                    "'\(name)' is not a number of the right kind; give it a whole number, or one in range",
                underlyingError: context.underlyingError
            )
        )
    }

    /// The value with 0 in the place of its first numbers; counts those down.
    private static func zeroed(_ value: JSONValue, _ count: inout Int) -> JSONValue {
        guard count > 0 else { return value }
        switch value {
        case .integer, .number, .decimal:
            count -= 1
            return 0
        case .array(let elements): return .array(elements.map { Self.zeroed($0, &count) })
        case .object(let members):
            return .object(JSONObject(members.map { ($0.name, Self.zeroed($0.value, &count)) }))
        case .null, .bool, .string: return value
        }
    }

    /// Where a number is, by its place among all numbers.
    private static func path(ofNumber place: inout Int, in value: JSONValue) -> [any CodingKey]? {
        switch value {
        case .integer, .number, .decimal:
            place -= 1
            return place < 0 ? [] : nil
        case .array(let elements):
            for (index, element) in elements.enumerated() {
                if let path = Self.path(ofNumber: &place, in: element) { return [Key(index)] + path }
            }
            return nil
        case .object(let members):
            for member in members {
                if let path = Self.path(ofNumber: &place, in: member.value) { return [Key(member.name)] + path }
            }
            return nil
        case .null, .bool, .string: return nil
        }
    }

    private struct Key: CodingKey {
        let stringValue: String
        let intValue: Int?

        init(_ name: String) {
            self.stringValue = name
            self.intValue = nil
        }

        init(_ index: Int) {
            self.stringValue = "Index \(index)"
            self.intValue = index
        }

        init?(stringValue: String) { self.init(stringValue) }
        init?(intValue: Int) { self.init(intValue) }
    }
}
