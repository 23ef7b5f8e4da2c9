// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

extension EventBus {
    /// Subscribes a handler to those events of a type that it wants.
    ///
    /// What is not wanted takes no room in the queue; it is counted as `filtered`. Members of one group subscribe from
    /// the same place in the program, or use `HandlerSettings.predicate` with one name.
    ///
    /// - Parameter isWanted: asked while an event is published, in the publisher's thread: keep it short. Where the
    ///   provider knows no predicates, the bus asks when it fetches a message. What is published on the topic and is no
    ///   such event passes, and becomes a dead letter as without it.
    /// - Throws: as for handlers of all events.
    @discardableResult
    public func subscribe<E: Event>(
        to type: E.Type,
        group: String? = nil,
        from start: StartPosition? = nil,
        with settings: HandlerSettings = HandlerSettings(),
        where isWanted: @escaping @Sendable (E) -> Bool,
        file: String = #fileID,
        line: Int = #line,
        handler: @escaping @Sendable (E) async throws -> Void
    ) async throws -> Subscription {
        let filtering = self.filtering(settings, CallSite(file: file, line: line), isWanted)
        return try await self.subscribe(
            to: type,
            group: group,
            from: start,
            with: filtering,
            file: file,
            line: line,
            handler: handler
        )
    }

    /// Subscribes a handler that also wants the delivery to those events of a type that it wants.
    ///
    /// - Throws: as for handlers of events alone.
    @discardableResult
    public func subscribe<E: Event>(
        to type: E.Type,
        group: String? = nil,
        from start: StartPosition? = nil,
        with settings: HandlerSettings = HandlerSettings(),
        where isWanted: @escaping @Sendable (E) -> Bool,
        file: String = #fileID,
        line: Int = #line,
        handler: @escaping @Sendable (E, Delivery) async throws -> Void
    ) async throws -> Subscription {
        let filtering = self.filtering(settings, CallSite(file: file, line: line), isWanted)
        return try await self.subscribe(
            to: type,
            group: group,
            from: start,
            with: filtering,
            file: file,
            line: line,
            handler: handler
        )
    }

    private func filtering<E: Event>(
        _ settings: HandlerSettings,
        _ callSite: CallSite,
        _ isWanted: @escaping @Sendable (E) -> Bool
    ) -> HandlerSettings {
        let codec = self.settings.codec
        let compression = self.settings.compression
        let predicate = MessagePredicate("where at \(callSite)") { message in
            let event = try? compression.decompress(message).payload.decode(as: E.self, codec: codec)
            return event.map(isWanted) ?? true
        }
        var settings = settings
        settings.predicate = settings.predicate.map { $0.and(predicate) } ?? predicate
        return settings
    }
}
