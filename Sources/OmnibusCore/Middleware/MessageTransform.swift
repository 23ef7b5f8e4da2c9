// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// A named function that makes a message of a message.
public struct MessageTransform: Sendable {
    package enum Kind: Sendable {
        case changing(@Sendable (inout Message) throws -> Void)
        case suspending(@Sendable (Message) async throws -> Message)
    }

    /// The name under which it is listed.
    public let name: String
    package let kind: Kind

    /// Makes a transform that changes a message, or refuses it by throwing, without suspending.
    public init(_ name: String, changing body: @escaping @Sendable (inout Message) throws -> Void) {
        self.name = name
        self.kind = .changing(body)
    }

    /// Makes a transform that may suspend; `publishNow` does not work with one.
    public init(_ name: String, suspending body: @escaping @Sendable (Message) async throws -> Message) {
        self.name = name
        self.kind = .suspending(body)
    }

    /// Runs the transform.
    ///
    /// - Throws: whatever the function throws.
    public func apply(to message: Message) async throws -> Message {
        switch self.kind {
        case .changing(let change):
            var changed = message
            try change(&changed)
            return changed
        case .suspending(let body):
            return try await body(message)
        }
    }
}

/// Named transforms, one after the other.
///
/// ```swift
/// let pipeline = TransformPipeline([.enriching(component: "shop", version: "1.4.0"), .redacting()])
/// let bus = EventBus(settings: BusSettings(publishMiddleware: pipeline.publishMiddleware))
/// ```
public struct TransformPipeline: Sendable {
    /// The transforms, the first one first.
    public private(set) var transforms: [MessageTransform]

    /// Creates a pipeline.
    public init(_ transforms: [MessageTransform] = []) {
        self.transforms = transforms
    }

    /// The names of the transforms, in order.
    public var names: [String] { self.transforms.map(\.name) }

    /// Adds a transform behind the others.
    public mutating func add(_ transform: MessageTransform) {
        self.transforms.append(transform)
    }

    /// Runs a message through all transforms.
    ///
    /// - Throws: whatever the first one throws that throws; those behind it do not run.
    public func process(_ message: Message) async throws -> Message {
        var message = message
        for transform in self.transforms { message = try await transform.apply(to: message) }
        return message
    }

    /// The pipeline around every publish, one function for each transform: the topology lists them by name.
    public var publishMiddleware: [PublishMiddleware] {
        self.transforms.map { transform in
            switch transform.kind {
            case .changing(let change): .changing(transform.name, change)
            case .suspending(let body): .around(transform.name) { message, next in try await next(body(message)) }
            }
        }
    }

    /// The pipeline around every attempt at handling.
    ///
    /// Handlers of events then decode what the transforms have left, each attempt anew.
    public var handleMiddleware: [HandleMiddleware] {
        self.transforms.map { transform in
            .changing(transform.name) { try await transform.apply(to: $0) }
        }
    }
}
