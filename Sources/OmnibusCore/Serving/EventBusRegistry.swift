// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// Something that gives access to a bus, so that code can be handed the bus instead of finding it.
///
/// There is no global one: a program makes one and passes it on.
public protocol EventBusRegistry: Sendable {
    /// The bus; nil where there is none yet, or none any more.
    var eventBus: (any EventPublishing)? { get }

    /// Whether there is a bus that takes messages.
    var hasBusAccess: Bool { get }

    /// Checks that there is a bus, and that it takes messages.
    ///
    /// - Throws: ``OmnibusError`` with the code `notRegistered` where it is too early, or `busClosed` where it is too
    ///   late.
    func validate() async throws(OmnibusError)
}

extension OmnibusError.Code {
    /// There is a bus of that name already.
    public static let alreadyRegistered = Self(rawValue: "alreadyRegistered")
    /// There is no bus of that name, or not yet.
    public static let notRegistered = Self(rawValue: "notRegistered")
    /// The service runs already, or is about to.
    public static let alreadyRunning = Self(rawValue: "alreadyRunning")
    /// The service does not run: it was not started, or has ended.
    public static let notRunning = Self(rawValue: "notRunning")
}
