// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

extension JSONValue {
    /// Whether this is the literal `null`.
    public var isNull: Bool {
        if case .null = self { true } else { false }
    }

    /// The boolean, if this is one.
    public var boolValue: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    /// The whole number, if this is one that fits: an integer, or a number without a fraction such as `1.0`.
    public var intValue: Int? {
        switch self {
        case .integer(let value): Int(exactly: value)
        case .number(let value): Int(exactly: value)
        case .decimal(let value): Int(value.text)
        default: nil
        }
    }

    /// The number, if this is one within the range of doubles; an integer beyond 2⁵³ and a decimal are rounded to the
    /// nearest double.
    public var doubleValue: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        case .decimal(let value): value.doubleValue
        default: nil
        }
    }

    /// The text, if this is a string.
    public var stringValue: String? {
        if case .string(let value) = self { value } else { nil }
    }

    /// The elements, if this is an array.
    public var arrayValue: [JSONValue]? {
        if case .array(let value) = self { value } else { nil }
    }

    /// The members, if this is an object.
    public var objectValue: JSONObject? {
        if case .object(let value) = self { value } else { nil }
    }

    /// The member of that name, if this is an object that has one.
    ///
    /// Setting a value replaces or adds the member, setting nil removes it (set `.null` to write `null`). On `null`,
    /// setting a value makes it an object; on all other kinds setting does nothing, so that no data is lost by it.
    public subscript(name: String) -> JSONValue? {
        get {
            if case .object(let object) = self { object[name] } else { nil }
        }
        set {
            switch self {
            case .object(var object):
                self = .null  // gives up the other reference, so that the members are changed where they are
                object[name] = newValue
                self = .object(object)
            case .null:
                guard let newValue else { return }
                self = .object([name: newValue])
            default:
                return
            }
        }
    }

    /// The element at that place, counted from 0, if this is an array that has one.
    ///
    /// Setting a value replaces the element, or appends it where the place is the array's count; setting nil removes
    /// it. On anything else, and at any other place, setting does nothing.
    public subscript(place: Int) -> JSONValue? {
        get {
            guard case .array(let elements) = self, elements.indices.contains(place) else { return nil }
            return elements[place]
        }
        set {
            guard case .array(var elements) = self else { return }
            self = .null  // as above
            switch (elements.indices.contains(place), newValue) {
            case (true, let value?): elements[place] = value
            case (true, nil): elements.remove(at: place)
            case (false, let value?) where place == elements.count: elements.append(value)
            case (false, _): break
            }
            self = .array(elements)
        }
    }
}
