// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

extension EventBus {
    /// Writes the bus's signals to a log, each with its kind, queue, topic and message: slow queues, drops, dead letters,
    /// circuit breakers and so on. Lines that a ``JSONLinesLog`` or ``TextLog`` has lost are a finding of ``health()``.
    ///
    /// - Returns: a handle whose `cancel()` ends it; dropping it cancels nothing.
    @discardableResult
    public func log(to emitter: any EventBusLogEmitter) -> SignalListener {
        let busID = self.busID
        self.logLosses.watch(emitter)
        return self.onSignal { signal in
            emitter.emit(signal.kind.logLevel, signal.message, signal.logData(busID: busID))
        }
    }
}

extension BusSignal.Kind {
    /// How much a signal of the kind matters in a log.
    public var logLevel: LogLevel {
        switch self {
        case .unrouted: .debug
        case .breakerClosed: .info
        case .slow, .dropping, .gap, .breakerOpened, .unpublished: .warning
        case .deadLettered, .evicted, .stuck: .error
        default: .warning
        }
    }
}

extension BusSignal {
    func logData(busID: String) -> JSONObject {
        var data: JSONObject = ["kind": .string(self.kind.rawValue), "bus": .string(busID)]
        if let queue = self.queue {
            data["pattern"] = .string(queue.pattern.description)
            data["group"] = queue.group.map { .string($0) }
            data["call_site"] = queue.callSite.map { .string($0.description) }
        }
        data["topic"] = self.topic.map { .string($0.name) }
        data["message_id"] = self.messageID.map { .string($0.description) }
        data["count"] = JSONValue(self.count)
        return data
    }
}
