// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// The members of a JSON object: values by name, in the order in which they were written or added.
///
/// Looking a member up scans the names while there are few and uses an index from there on, so it takes constant time
/// on average. Equality ignores the order.
public struct JSONObject: Sendable {
    /// A member of a JSON object: a name and its value.
    public struct Member: Sendable, Hashable {
        /// What the member is called.
        public var name: String
        /// What the member holds.
        public var value: JSONValue

        /// Creates a member of an object from name and value.
        public init(name: String, value: JSONValue) {
            self.name = name
            self.value = value
        }

        /// Compares name and value.
        public static func == (left: Self, right: Self) -> Bool {
            JSONName.isSame(left.name, right.name) && left.value == right.value
        }

        /// Hashes the value, so that equal values hash alike.
        public func hash(into hasher: inout Hasher) {
            hasher.combine(JSONName(text: self.name))
            hasher.combine(self.value)
        }
    }

    /// The largest number of members that are found by scanning.
    static let scanLimit = 16

    /// The members in order; no two have the same name.
    public private(set) var members: [Member]
    /// Where each name is in `members`: present exactly when there are more than `scanLimit`.
    private var places: [JSONName: Int]?

    /// Creates an object without members.
    public init() {
        self.members = []
        self.places = nil
    }

    /// Creates an object of names and values; where a name occurs again, the last value counts.
    public init(_ pairs: some Sequence<(String, JSONValue)>) {
        self.init()
        for (name, value) in pairs { self[name] = value }
    }

    /// The value of the member of that name; setting nil removes the member, setting a new name adds it at the end.
    ///
    /// Reading takes constant time on average, removing takes time linear in the number of members.
    public subscript(name: String) -> JSONValue? {
        get {
            self.place(of: name).map { self.members[$0].value }
        }
        set {
            switch (self.place(of: name), newValue) {
            case (let place?, let value?): self.members[place].value = value
            case (let place?, nil): self.remove(at: place)
            case (nil, let value?): self.append(Member(name: name, value: value))
            case (nil, nil): break
            }
        }
    }

    /// The number of members.
    public var count: Int { self.members.count }

    /// Whether there are no members.
    public var isEmpty: Bool { self.members.isEmpty }

    /// The members' names in order.
    public var names: [String] { self.members.map(\.name) }

    private func place(of name: String) -> Int? {
        if let places = self.places { return places[JSONName(text: name)] }
        return self.members.firstIndex { JSONName.isSame($0.name, name) }
    }

    private mutating func append(_ member: Member) {
        self.members.append(member)
        if self.places != nil {
            self.places?[JSONName(text: member.name)] = self.members.count - 1
        } else if self.members.count > Self.scanLimit {
            self.rebuildPlaces()
        }
    }

    private mutating func remove(at place: Int) {
        self.members.remove(at: place)
        self.rebuildPlaces()
    }

    private mutating func rebuildPlaces() {
        self.places = nil
        guard self.members.count > Self.scanLimit else { return }
        var places: [JSONName: Int] = [:]
        places.reserveCapacity(self.members.count)
        for (place, member) in self.members.enumerated() { places[JSONName(text: member.name)] = place }
        self.places = places
    }
}

extension JSONObject {
    /// Takes over members as a parser read them, or says which of them has the name of an earlier one.
    ///
    /// On failure nothing is lost: the caller goes on with the members that it has.
    static func unique(_ members: ArraySlice<Member>) -> Result<JSONObject, Repetition> {
        var object = JSONObject()
        object.members = Array(members)
        guard members.count > Self.scanLimit else {
            for later in object.members.indices.dropFirst() {
                for earlier in 0..<later
                where JSONName.isSame(object.members[earlier].name, object.members[later].name) {
                    return .failure(Repetition(place: later))
                }
            }
            return .success(object)
        }
        var places: [JSONName: Int] = [:]
        places.reserveCapacity(members.count)
        for (place, member) in object.members.enumerated() {
            if places.updateValue(place, forKey: JSONName(text: member.name)) != nil {
                return .failure(Repetition(place: place))
            }
        }
        object.places = places
        return .success(object)
    }

    /// Where a name comes for the second time.
    struct Repetition: Error {
        var place: Int
    }
}

extension JSONObject: Hashable {
    /// Compares members, in any order.
    public static func == (left: Self, right: Self) -> Bool {
        guard left.count == right.count else { return false }
        for (place, member) in left.members.enumerated() {
            // Most objects that are compared were written by the same program, in the same order.
            if right.members[place] == member { continue }
            guard let other = right[member.name], other == member.value else { return false }
        }
        return true
    }

    /// Hashes the value, so that equal values hash alike.
    public func hash(into hasher: inout Hasher) {
        // The order does not count, so the members' hashes are added up.
        var sum = 0
        for member in self.members {
            var memberHasher = Hasher()
            memberHasher.combine(member)
            sum &+= memberHasher.finalize()
        }
        hasher.combine(self.count)
        hasher.combine(sum)
    }
}

extension JSONObject: RandomAccessCollection {
    /// The position of the first member.
    public var startIndex: Int { self.members.startIndex }

    /// The position after the last member.
    public var endIndex: Int { self.members.endIndex }

    /// The member at that place, which has to be one of `indices`, as in any collection.
    public subscript(position: Int) -> Member { self.members[position] }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    /// Creates an object of the names and values in a literal; where a name occurs again, the last value counts.
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        self.init(elements)
    }
}
