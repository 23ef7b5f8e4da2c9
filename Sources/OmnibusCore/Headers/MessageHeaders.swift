// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// The headers of a message: names and values in the order in which they were set, each name once.
///
/// A name is 1 to 255 characters of an HTTP token (RFC 9110, section 5.6.2): ASCII letters, digits and
/// ``!#$%&'*+-.^_`|~``. Text holds no control character but the tab, and no Unicode noncharacter. So every header fits the header fields of HTTP,
/// Kafka, AMQP, NATS and Redis, where bytes and characters outside of ASCII are escaped as the back end's binding says.
/// A double is finite. Names are compared byte by byte, so that case counts. The
/// order is kept and does not count when headers are compared. There are at most ``maximumCount``.
///
/// Setting checks at once. A dictionary literal cannot throw: what it holds is checked by ``validate()``, which
/// publishing calls.
///
/// Standard names such as `event_type` are no free headers; those that have a property here or on ``Message`` are set
/// there.
public struct MessageHeaders: Sendable {
    /// The most headers that a message can have: 1,024, far more than back ends carry.
    public static let maximumCount = 1_024

    /// The headers, each name once, in order. Few enough that searching beats hashing.
    private var fields: [Header]
    /// How often the message was handed out before; written by the bus alone, so no header of the user's.
    private var retries: Int

    /// Creates headers without any.
    public init() {
        self.fields = []
        self.retries = 0
    }

    /// Creates headers from names and values; of equal names the last wins.
    ///
    /// - Throws: `.invalidHeader`, naming all that are not valid.
    public init(_ headers: some Sequence<Header>) throws(OmnibusError) {
        self.init(unchecked: headers)
        try self.validate()
    }

    /// Takes headers as they are, to be validated later; of equal names the last wins.
    package init(unchecked headers: some Sequence<Header>) {
        self.init()
        // Nobody has counted these yet: with an index above a few, any number takes linear time.
        var places: [ExactText: Int] = [:]
        for header in headers {
            if self.fields.count <= Self.scanLimit {
                self.put(header.value, for: header.name)
                continue
            }
            if places.isEmpty {
                for (place, field) in self.fields.enumerated() { places[ExactText(field.name)] = place }
            }
            let name = ExactText(header.name)
            if let place = places[name] {
                self.fields[place] = Header(name: header.name, value: header.value)
            } else {
                places[name] = self.fields.count
                self.fields.append(header)
            }
        }
    }

    /// Up to so many headers, searching for each new one is faster than an index.
    private static let scanLimit = 16

    /// The value of a header; nil if there is none.
    ///
    /// Complexity: linear in the number of headers.
    public subscript(name: String) -> HeaderValue? {
        self.index(of: name).map { self.fields[$0].value }
    }

    /// Sets a header, in the place of the one of that name if there is one.
    ///
    /// - Throws: `.invalidHeader` if the name or the value is not valid, the name is that of a property, or there would
    ///   be more than ``maximumCount`` headers. The headers are then as they were.
    public mutating func set(_ value: HeaderValue, for name: String) throws(OmnibusError) {
        if let finding = HeaderRules.finding(name: name, value: value) {
            throw OmnibusError(.invalidHeader, finding)
        }
        if self.fields.count >= Self.maximumCount, self.index(of: name) == nil {
            throw OmnibusError(.invalidHeader, HeaderRules.tooMany(self.fields.count + 1))
        }
        self.put(value, for: name)
    }

    /// Removes a header and returns its value; nil if there was none.
    @discardableResult
    public mutating func remove(_ name: String) -> HeaderValue? {
        self.index(of: name).map { self.fields.remove(at: $0).value }
    }

    /// How often the message was handed to a handler before this time: 0 at first; written by the bus alone.
    public var retryCount: Int { self.retries }

    /// Checks the name and value of every header, and how many there are.
    ///
    /// - Throws: `.invalidHeader`, naming all that are not valid.
    public func validate() throws(OmnibusError) {
        let findings = self.findings
        guard !findings.isEmpty else { return }
        throw OmnibusError(.invalidHeader, findings.joined(separator: "; "))
    }

    /// What is wrong with the headers: a sentence each, or one alone if there are too many.
    package var findings: [String] {
        if self.fields.count > Self.maximumCount { return [HeaderRules.tooMany(self.fields.count)] }
        return self.fields.compactMap { HeaderRules.finding(name: $0.name, value: $0.value) }
    }

    /// Whether there is anything to keep: a header or a count.
    package var isBlank: Bool { self.fields.isEmpty && self.retries == 0 }

    /// Writes the count of earlier attempts; for the bus.
    package mutating func setRetryCount(_ count: Int) {
        self.retries = count
    }

    /// Sets a header without checking it.
    package mutating func put(_ value: HeaderValue, for name: String) {
        if let index = self.index(of: name) {
            self.fields[index] = Header(name: name, value: value)
        } else {
            self.fields.append(Header(name: name, value: value))
        }
    }

    private func index(of name: String) -> Int? {
        self.fields.firstIndex { ExactText.isSame($0.name, name) }
    }
}

/// A header: a name and a value.
public struct Header: Sendable, Hashable {
    /// The name of the header; case counts.
    public var name: String
    /// The value of the header, with its kind.
    public var value: HeaderValue

    /// Creates a header from name and value, unchecked until it is set.
    public init(name: String, value: HeaderValue) {
        self.name = name
        self.value = value
    }
}

extension Header {
    /// Compares name and value, texts byte by byte.
    public static func == (left: Header, right: Header) -> Bool {
        ExactText.isSame(left.name, right.name) && left.value == right.value
    }

    /// Hashes name and value, so that equal headers hash alike.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(ExactText(self.name))
        hasher.combine(self.value)
    }
}

extension MessageHeaders: Hashable {
    /// Compares names and values, in any order.
    public static func == (left: MessageHeaders, right: MessageHeaders) -> Bool {
        left.retries == right.retries && left.fields.count == right.fields.count
            && left.fields.enumerated().allSatisfy { index, header in
                right.fields[index] == header || right[header.name] == header.value
            }
    }

    /// Hashes names and values, so that equal headers hash alike.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(self.retries)
        // Added up, because the order does not count.
        hasher.combine(self.fields.reduce(0) { $0 &+ $1.hashValue })
    }
}

extension MessageHeaders: RandomAccessCollection {
    /// The position of the first header.
    public var startIndex: Int { 0 }

    /// The position after the last header.
    public var endIndex: Int { self.fields.count }

    /// The header at a position.
    public subscript(position: Int) -> Header { self.fields[position] }
}

extension MessageHeaders: ExpressibleByDictionaryLiteral {
    /// Takes names and values as they are; ``validate()`` checks them, at the latest when the message is published.
    public init(dictionaryLiteral headers: (String, HeaderValue)...) {
        self.init(unchecked: headers.lazy.map { Header(name: $0.0, value: $0.1) })
    }
}

extension MessageHeaders: CustomStringConvertible {
    /// The names and values, in the order in which they were set.
    public var description: String {
        "[" + self.fields.map { "\($0.name): \($0.value)" }.joined(separator: ", ") + "]"
    }
}
