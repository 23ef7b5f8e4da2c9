// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import CloudEvents

/// Puts standard headers into the fields of a message, and collects what is wrong with them.
struct StandardHeaderReader {
    private(set) var message: Message
    private(set) var findings: [String] = []
    private var traceID: String?
    private var spanID: String?
    private var keyHeader: String?

    init(message: Message) {
        self.message = message
    }

    /// Reads a header; a standard one goes into its field, any other becomes a free header.
    mutating func read(_ header: Header) {
        guard let standard = StandardHeader(rawValue: header.name) else { return self.readFree(header) }
        switch standard {
        case .retryCount: self.checkRetryCount(header)
        case .schemaVersion, .operationName: self.readFree(header)
        case .maxRetries: self.readFree(Header(name: header.name, value: self.number(header.value)))
        case .priority: self.readPriority(header)
        case .ttlSeconds: self.readTimeToLive(header)
        default: self.readText(standard, header)
        }
    }

    /// Puts together what more than one header says.
    mutating func finish() {
        let count = self.message.headers.count
        if count > MessageHeaders.maximumCount { self.findings.append(HeaderRules.tooMany(count)) }
        guard self.traceID != nil || self.spanID != nil else { return }
        guard let traceID = self.traceID else {
            self.findings.append("the header span_id needs a trace_id beside it")
            return
        }
        guard let context = Message.traceContext(traceID: traceID, spanID: self.spanID) else {
            self.findings.append(
                "the headers trace_id and span_id are not 32 and 16 lower-case hexadecimal digits other than all 0"
            )
            return
        }
        self.message.traceContext = context
    }

    private mutating func readFree(_ header: Header) {
        if let finding = HeaderRules.finding(name: header.name, value: header.value) {
            self.findings.append(finding)
        } else {
            self.message.changeFields { $0.headers.put(header.value, for: header.name) }
        }
    }

    private mutating func readText(_ standard: StandardHeader, _ header: Header) {
        guard case .text(let text) = header.value, !text.isEmpty else {
            return self.refuse(header, "is not text, or is empty")
        }
        if let offset = HeaderRules.forbiddenCharacter(in: text) {
            return self.refuse(header, "holds a control character or noncharacter at byte \(offset); remove it")
        }
        switch standard {
        case .contentType: self.message.contentType = text
        case .correlationID: self.message.correlationID = MessageID(text)
        case .messageID: self.message.id = MessageID(text)
        case .source: self.message.source = text
        case .eventType: self.message.type = EventType(text)
        case .routingKey, .partitionKey: self.readKey(text, header.name)
        case .traceID: self.traceID = text
        case .spanID: self.spanID = text
        case .timestamp:
            guard let time = Timestamp(text) else { return self.refuse(header, "is not a time as RFC 3339 writes it") }
            self.message.createdAt = time
        case .destination:
            do throws(OmnibusError) {
                self.message.replyTo = try Topic(validating: text)
            } catch {
                self.refuse(header, "is not a topic: \(error.message)")
            }
        case .parentSpanID:
            guard Self.isSpanID(text) else {
                return self.refuse(header, "is not 16 lower-case hexadecimal digits other than all 0")
            }
            self.message.parentSpanID = text
        case .retryCount, .schemaVersion, .operationName, .maxRetries, .priority, .ttlSeconds: break
        }
    }

    private mutating func readKey(_ key: String, _ name: String) {
        if self.keyHeader != nil, self.message.key != key {
            self.findings.append("the headers routing_key and partition_key differ; a message has one key")
        }
        self.keyHeader = name
        self.message.key = key
    }

    private mutating func readPriority(_ header: Header) {
        guard let priority = header.value.text.flatMap(Priority.init(name:)) else {
            return self.refuse(header, "is not low, normal, high or critical")
        }
        self.message.priority = priority
    }

    private mutating func readTimeToLive(_ header: Header) {
        switch self.decimal(header.value) {
        case .integer(let seconds) where seconds > 0 && .seconds(seconds) <= Message.maximumTimeToLive:
            self.message.timeToLive = .seconds(seconds)
        case .double(let seconds) where seconds > 0 && seconds < 9e11 && .seconds(seconds) <= Message.maximumTimeToLive:
            self.message.timeToLive = .seconds(seconds)
        default:
            self.refuse(header, "is not a number of seconds above 0, up to 10,000 years")
        }
    }

    /// The count is not taken over: the bus counts the attempts of each message itself.
    private mutating func checkRetryCount(_ header: Header) {
        guard case .integer(let count) = self.number(header.value), count >= 0 else {
            return self.refuse(header, "is not a whole number from 0 upwards; the bus alone writes it, leave it out")
        }
    }

    /// A number that was given as text, with a fraction or without, as a number.
    private func decimal(_ value: HeaderValue) -> HeaderValue {
        let value = self.number(value)
        guard case .text(let text) = value, let double = Double(text),
            text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == UInt8(ascii: ".") })
        else { return value }
        return .double(double)
    }

    /// A whole number that was given as text, as a number.
    private func number(_ value: HeaderValue) -> HeaderValue {
        guard case .text(let text) = value else { return value }
        if let integer = Int64(text) { return .integer(integer) }
        return value
    }

    private mutating func refuse(_ header: Header, _ what: String) {
        self.findings.append("the header \(header.name) \(what)")
    }

    /// Whether the text is a span id of W3C Trace Context.
    static func isSpanID(_ text: String) -> Bool {
        text.utf8.count == 16 && text.utf8.contains { $0 != UInt8(ascii: "0") }
            && text.utf8.allSatisfy(Self.isHexadecimal)
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"): true
        default: false
        }
    }
}
