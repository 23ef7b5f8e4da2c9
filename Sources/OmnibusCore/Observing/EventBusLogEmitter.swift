// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

public import OmnibusJSON

/// Something that log lines with named values can be handed to.
///
/// `JSONLinesLog` writes them as JSON. Another logger takes five lines, here swift-log's:
///
/// ```swift
/// struct SwiftLog: EventBusLogEmitter {
///     let logger: Logger
///     func emit(_ level: LogLevel, _ message: String, _ data: JSONObject) {
///         let metadata = Dictionary(data.map { ($0.name, "\($0.value)") }, uniquingKeysWith: { $1 })
///         logger.log(level: .init(rawValue: level.name) ?? .info, "\(message)", metadata: metadata.mapValues { .string($0) })
///     }
/// }
/// ```
public protocol EventBusLogEmitter: Sendable {
    /// Takes a line: how much it matters, a sentence, and values by name.
    ///
    /// It is called in the thread where the thing happened, publishers' included, so that it must be short and must not
    /// block. It never fails: what cannot be written is lost, and the emitter's own business.
    func emit(_ level: LogLevel, _ message: String, _ data: JSONObject)
}

extension EventBusLogEmitter {
    /// Takes a line without values.
    public func emit(_ level: LogLevel, _ message: String) {
        self.emit(level, message, [:])
    }
}
