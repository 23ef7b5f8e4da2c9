// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// An event that was read, and what had to be changed for it.
public struct CloudEventReading: Sendable, Hashable {
    /// What a lenient reader did where a strict one would have refused the event.
    public struct Repair: Sendable, Hashable {
        /// What was done to an attribute.
        public enum Action: Sendable, Hashable {
            /// It was missing, and got this value.
            case filledIn(String)
            /// It was not what it should be, and was left out.
            case leftOut
            /// It was not what it should be, and was kept.
            case kept
        }

        /// The name of the attribute.
        public var attribute: String
        /// What was done to it.
        public var action: Action
        /// The rule that the event does not keep.
        public var rule: CloudEventRule

        /// Creates the report of a repair.
        public init(attribute: String, action: Action, rule: CloudEventRule) {
            self.attribute = attribute
            self.action = action
            self.rule = rule
        }
    }

    /// The event, which is valid.
    public var event: CloudEvent
    /// What a lenient reader did to it, in the order in which it did; empty where the event came as it should.
    public var repairs: [Repair]

    /// Creates a reading from an event and what was done to it.
    public init(event: CloudEvent, repairs: [Repair] = []) {
        self.event = event
        self.repairs = repairs
    }
}
