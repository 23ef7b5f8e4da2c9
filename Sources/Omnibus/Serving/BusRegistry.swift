// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Buses by name, to be passed to whoever needs one.
///
/// ```swift
/// let registry = BusRegistry()
/// try registry.register(bus)
/// …
/// try await registry.bus().publish(TaskCreated(taskID: "1", prompt: "Read the news"))
/// ```
///
/// There is no shared one: code that is handed a registry of its own can be tested with a bus of its own. It keeps the
/// buses that are in it alive, and ends none of them.
public final class BusRegistry: EventBusRegistry {
    /// The name that a bus has unless it is given another.
    public static let defaultName = "default"

    private let buses = Mutex<[String: EventBus]>([:])

    /// Creates a registry without buses.
    public init() {}

    /// Adds a bus under a name. One that was shut down makes room for another.
    ///
    /// - Throws: ``OmnibusError`` with the code `alreadyRegistered` where an open bus has the name, `busClosed` for a
    ///   bus that was shut down, or `invalidSettings` for an empty name.
    public func register(_ bus: EventBus, as name: String = defaultName) throws(OmnibusError) {
        guard !name.isEmpty else {
            throw OmnibusError(.invalidSettings, "A bus needs a name that is not empty; leave it out for the default.")
        }
        guard bus.takesMessages else { throw Self.closed(name) }
        let isTaken = self.buses.withLock { buses in
            if let other = buses[name], other !== bus, other.takesMessages { return true }
            if buses[name] === bus { return true }
            buses[name] = bus
            return false
        }
        guard !isTaken else {
            throw OmnibusError(
                .alreadyRegistered,
                "There is an open bus named '\(name)' already; remove it before, or give this one another name."
            )
        }
    }

    /// The bus of a name.
    ///
    /// - Throws: ``OmnibusError`` with the code `notRegistered` where there is none yet, or none any more, and
    ///   `busClosed` where it was shut down.
    public func bus(_ name: String = defaultName) throws(OmnibusError) -> EventBus {
        let (bus, names) = self.buses.withLock { ($0[name], $0.keys.sorted()) }
        guard let bus else {
            let known = names.isEmpty ? "there is none at all" : "there are '\(names.joined(separator: "', '"))'"
            throw OmnibusError(
                .notRegistered,
                "There is no bus named '\(name)' (\(known)); register it before it is asked for.",
                advice: .retry(after: nil)
            )
        }
        guard bus.takesMessages else { throw Self.closed(name) }
        return bus
    }

    /// Takes a bus out, and returns it; nil where there is none. It stays as open as it is.
    @discardableResult
    public func remove(_ name: String = defaultName) -> EventBus? {
        self.buses.withLock { $0.removeValue(forKey: name) }
    }

    /// The bus of a name, whatever state it is in.
    func entry(_ name: String) -> EventBus? { self.buses.withLock { $0[name] } }

    /// The names of the buses, sorted.
    public var names: [String] { self.buses.withLock { $0.keys.sorted() } }

    /// The bus that has the default name; nil where there is none, or it was shut down.
    public var eventBus: (any EventPublishing)? { try? self.bus() }

    /// Whether there is a bus that has the default name and takes messages.
    public var hasBusAccess: Bool { self.eventBus != nil }

    /// Checks that there is a bus, and that every bus takes messages.
    ///
    /// - Throws: ``OmnibusError`` with the code `notRegistered` where there is no bus at all, or `busClosed`, naming all
    ///   that were shut down.
    public func validate() async throws(OmnibusError) {
        let buses = self.buses.withLock { $0 }
        if buses.isEmpty { _ = try self.bus() }
        let closed = buses.filter { !$0.value.takesMessages }.keys.sorted()
        guard closed.isEmpty else { throw Self.closed(closed.joined(separator: "', '")) }
    }

    private static func closed(_ name: String) -> OmnibusError {
        OmnibusError(.busClosed, "'\(name)' was shut down; make a new EventBus, and register that.")
    }
}

extension EventBus {
    /// Whether everybody may publish.
    var takesMessages: Bool { self.phase.load(ordering: .acquiring) == .open }
}
