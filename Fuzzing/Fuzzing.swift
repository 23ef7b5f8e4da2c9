// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import CloudEvents
import OmnibusJSON

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

// What libFuzzer runs on bytes that it makes up; Scripts/fuzz builds it. OMNIBUS_FUZZ names the target. A target ends
// the process where something does not come back as it was; the sanitizer does where memory is touched that should not.

/// What is tried with the bytes.
private let target: @Sendable (UnsafeBufferPointer<UInt8>) -> Void = {
    let name = getenv("OMNIBUS_FUZZ").map { String(cString: $0) } ?? ""
    if let binding = ProtocolBinding(rawValue: name) { return { tryMessage($0, binding) } }
    switch name {
    case "json": return tryJSON
    case "envelope": return tryEnvelope
    default: fatalError("OMNIBUS_FUZZ is json, envelope, http, kafka, amqp, nats or mqtt, not '\(name)'")
    }
}()

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzerTestOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    target(UnsafeBufferPointer(start: start, count: count))
    return 0
}

private func expect(_ isTrue: Bool, _ promise: StaticString) {
    if !isTrue { fatalError("\(promise)") }
}

private func tryJSON(_ bytes: UnsafeBufferPointer<UInt8>) {
    for duplicateKeys in [JSONLimits.DuplicateKeys.refused, .keepLast] {
        let limits = JSONLimits(depth: 1_024, duplicateKeys: duplicateKeys)
        guard let value = try? JSONValue(parsing: bytes, limits: limits) else { continue }
        for options in [JSONWritingOptions.compact, .pretty, .sorted] {
            let written = try? value.bytes(options)
            let read = written.flatMap { try? JSONValue(parsing: $0, limits: limits) }
            expect(read == value && read?.hashValue == value.hashValue, "JSON comes back as it was")
        }
        // What is beyond the range of doubles has no canonical form.
        guard let canonical = try? value.bytes(.canonical) else { continue }
        expect((try? JSONValue.canonicalBytes(of: canonical, limits: limits)) == canonical, "a canonical form stays")
    }
}

private func tryEnvelope(_ bytes: UnsafeBufferPointer<UInt8>) {
    _ = try? CloudEventJSONFormat.readBatch(bytes)
    for options in [CloudEventReadingOptions.strict, .lenient] {
        guard let event = try? CloudEventJSONFormat.read(bytes, options: options).event else { continue }
        guard let written = try? event.json() else { fatalError("an event that was read can be written") }
        // A lenient reader takes data that a strict one does not.
        guard options.strictness == .strict else { continue }
        expect((try? CloudEvent(json: written)) == event, "an event comes back as it was")
        for binding in ProtocolBinding.allCases {
            let types = event.extensions.mapValues(\.type)
            let message: ProtocolMessage
            do throws(CloudEventError) {
                message = try binding.write(event)
            } catch {
                // A body that would be taken for an event, or a text in a charset that is not its own.
                expect(
                    error.code == .invalidContentType && error.attribute == "datacontenttype",
                    "an event can be written in binary mode"
                )
                continue
            }
            let read = try? binding.read(message, mode: .binary, options: .init(extensionTypes: types)).event
            // The content type that JSON leaves out is said there, and data that is empty is none.
            expect(read?.extensions == event.extensions, "attributes come back as they were")
            expect(read?.id == event.id && read?.source == event.source, "attributes come back as they were")
        }
    }
}

/// Takes lines with a header each, an empty line, and the body.
private func tryMessage(_ bytes: UnsafeBufferPointer<UInt8>, _ binding: ProtocolBinding) {
    var message = ProtocolMessage()
    var rest = bytes[...]
    while let end = rest.firstIndex(of: 0x0A) {
        let line = rest[..<end]
        rest = rest[(end + 1)...]
        if line.isEmpty { break }
        // The name may have colons, as AMQP's do: a header's value begins after '='.
        guard let mark = line.firstIndex(of: UInt8(ascii: "=")) else { continue }
        let name = String(decoding: line[..<mark], as: UTF8.self)
        let value = Array(line[(mark + 1)...])
        let text = String(validating: value, as: UTF8.self)
        message.headers.append(.init(name: name, value: text.map { .string($0) } ?? .binary(value)))
    }
    message.body = Array(rest)
    for dataForm in [CloudEventReadingOptions.DataForm.byContentType, .bytes] {
        let options = CloudEventReadingOptions(dataForm: dataForm)
        _ = try? binding.readBatch(message, options: options)
        guard let event = try? binding.read(message, options: options).event else { continue }
        let mode = binding.contentMode(of: message)
        guard mode != .batched, let written = try? binding.write(event, mode: mode) else { continue }
        let read = try? binding.read(written, mode: mode, options: options).event
        expect(read == event, "an event comes back as it was")
    }
}
