// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

public import CloudEvents

// A message's CloudEvent has the time of acceptance as its `time`. Whoever publishes a CloudEvent means by it when it
// happened, though, and by `expirytime` an instant and no duration: what follows takes the one for the other.

extension Message {
    /// Creates the message that publishing a CloudEvent at an instant accepts.
    ///
    /// The event's time is when its publisher made it; the broker says when it was accepted. What is left until its
    /// `expirytime` becomes the time to live; an event that is over already is accepted, and expires at once.
    ///
    /// - Throws: as ``init(_:topic:)``.
    package init(publishing event: CloudEvent, to topic: Topic?, at now: Timestamp) throws(OmnibusError) {
        try self.init(event, topic: topic)
        if let end = self.expiresAt ?? self.takeExpiryTime(of: event) {
            self.timeToLive = Self.timeToLive(from: now, to: end)
            // For when it is accepted, which may take its time.
            self.changeFields { $0.endsAt = end }
        }
        self.createdAt = self.createdAt ?? self.acceptedAt
        self.acceptedAt = nil
    }

    /// Notes that the message is accepted, from when on its time to live counts.
    package mutating func accept(at now: Timestamp) {
        self.acceptedAt = now
        if let end = self.extras?.fields.endsAt { self.timeToLive = Self.timeToLive(from: now, to: end) }
    }

    /// What is left until an instant; the shortest time there is where it has passed.
    private static func timeToLive(from now: Timestamp, to end: Timestamp) -> Duration {
        min(max(now.duration(to: end), .nanoseconds(1)), self.maximumTimeToLive)
    }

    /// Takes the expiry time of an event without a time, which waits in a header.
    private mutating func takeExpiryTime(of event: CloudEvent) -> Timestamp? {
        guard event.time == nil, self.timeToLive == nil, let expiresAt = event.expiryTime else { return nil }
        var headers = self.headers
        headers.remove(CloudEventAttribute.headerName(of: CloudEventAttribute.expiryTime.rawValue))
        self.headers = headers
        return expiresAt
    }

    /// Returns the message as the CloudEvent that its publisher made: `time` is when that was, where it is known.
    ///
    /// - Throws: as ``cloudEvent()``.
    package func publishedCloudEvent() throws(OmnibusError) -> CloudEvent {
        var message = self
        if let createdAt = self.createdAt {
            message.createdAt = nil
            message.acceptedAt = createdAt
            if let expiresAt = self.expiresAt {
                message.timeToLive = max(createdAt.duration(to: expiresAt), .nanoseconds(1))
            }
        }
        var event = try message.cloudEvent()
        // The values have their types still; only whoever makes texts of them has to say so.
        if event.extensions[CloudEventAttribute.headerTypes.rawValue] != nil {
            try? event.setExtension(CloudEventAttribute.headerTypes.rawValue, to: nil)
        }
        return event
    }
}

extension Delivery {
    /// Returns the delivered message as a CloudEvent.
    ///
    /// Published as a CloudEvent, it has that event's attributes and data again, with what the bus knows beside it: the
    /// topic where the type does not name it, and cause and trace where a handler published it. Its `time` is when its
    /// publisher made it, or else when it was accepted.
    ///
    /// What the bus takes for its own fields comes back as it has them: `partitionkey`, `sequence`, `correlationid` and
    /// `causationid` as strings, and not at all where they are empty; a `traceparent` that is not valid, and a
    /// `tracestate` without one, are left out; an `expirytime` before the `time` is one nanosecond after it. Data that is
    /// empty is none, JSON has the content type `application/json` where it had none, and an attribute that begins with
    /// `omnibus` and means nothing here is in `omnibusheaders`. A provider that writes messages as bytes keeps extensions
    /// of the types URI, URI-reference and Timestamp as strings.
    ///
    /// - Throws: ``OmnibusError`` with the code `unencodable` if the payload cannot be encoded, and `invalidMessage` if
    ///   the message has what no attribute can hold.
    public func cloudEvent() throws(OmnibusError) -> CloudEvent {
        try self.message.publishedCloudEvent()
    }
}
