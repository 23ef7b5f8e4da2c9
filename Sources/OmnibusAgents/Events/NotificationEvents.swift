// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

public import Omnibus

// One event of a shop leads to notifications on several channels. A notification's topic begins with `notifications`,
// its type with `notification`, as in the documents: `notifications.*.sent` sees what was sent on every channel. What a
// notification is about, such as an order, is the subject and not in its data: give it to
// `Message(_:source:subject:time:)`. The documents show no sample of what is sent; it has the data that was queued.

/// `order.completed`: the event that notifications follow from.
public struct OrderCompleted: AgentEvent {
    /// The topic of these events, `order.completed`.
    public static let topic: Topic = "order.completed"

    /// Which order.
    @NotEmpty public var orderID: String
    /// Where its customer gets mail.
    public var customerEmail: String

    /// Creates the event.
    ///
    /// - Throws: ``OmnibusError`` with the code `invalidMessage`, naming the field, where the id is empty.
    public init(orderID: String, customerEmail: String) throws(OmnibusError) {
        self._orderID = try NotEmpty(orderID, CodingKeys.orderID)
        self.customerEmail = customerEmail
    }

    /// `order-` and the order, as the subject is called in the document.
    public var eventSubject: String? { "order-\(self.orderID)" }

    private enum CodingKeys: String, CodingKey {
        case orderID = "order_id"
        case customerEmail = "customer_email"
    }
}

/// `notification.email.queued`: an email is to be sent.
public struct EmailQueued: AgentEvent {
    /// The topic of these events, `notifications.email.queued`.
    public static let topic: Topic = "notifications.email.queued"
    /// The type of these events, `notification.email.queued`.
    public static let type: EventType = "notification.email.queued"

    /// The name of the text that it is made of.
    public var template: String
    /// Where it goes.
    public var to: String

    /// Creates the event.
    public init(template: String, to: String) {
        self.template = template
        self.to = to
    }
}

/// `notification.email.sent`: an email has been sent.
public struct EmailSent: AgentEvent {
    /// The topic of these events, `notifications.email.sent`.
    public static let topic: Topic = "notifications.email.sent"
    /// The type of these events, `notification.email.sent`.
    public static let type: EventType = "notification.email.sent"

    /// The name of the text that it is made of.
    public var template: String
    /// Where it goes.
    public var to: String

    /// Creates the event.
    public init(template: String, to: String) {
        self.template = template
        self.to = to
    }
}

/// `notification.sms.queued`: a text message is to be sent.
public struct SMSQueued: AgentEvent {
    /// The topic of these events, `notifications.sms.queued`.
    public static let topic: Topic = "notifications.sms.queued"
    /// The type of these events, `notification.sms.queued`.
    public static let type: EventType = "notification.sms.queued"

    /// The name of the text that it is made of.
    public var template: String
    /// The number that it goes to.
    public var phone: String

    /// Creates the event.
    public init(template: String, phone: String) {
        self.template = template
        self.phone = phone
    }
}

/// `notification.sms.sent`: a text message has been sent.
public struct SMSSent: AgentEvent {
    /// The topic of these events, `notifications.sms.sent`.
    public static let topic: Topic = "notifications.sms.sent"
    /// The type of these events, `notification.sms.sent`.
    public static let type: EventType = "notification.sms.sent"

    /// The name of the text that it is made of.
    public var template: String
    /// The number that it goes to.
    public var phone: String

    /// Creates the event.
    public init(template: String, phone: String) {
        self.template = template
        self.phone = phone
    }
}

/// `notification.push.queued`: a push notification is to be sent.
public struct PushQueued: AgentEvent {
    /// The topic of these events, `notifications.push.queued`.
    public static let topic: Topic = "notifications.push.queued"
    /// The type of these events, `notification.push.queued`.
    public static let type: EventType = "notification.push.queued"

    /// What stands above it.
    public var title: String
    /// What it says.
    public var body: String

    /// Creates the event.
    public init(title: String, body: String) {
        self.title = title
        self.body = body
    }
}

/// `notification.push.sent`: a push notification has been sent.
public struct PushSent: AgentEvent {
    /// The topic of these events, `notifications.push.sent`.
    public static let topic: Topic = "notifications.push.sent"
    /// The type of these events, `notification.push.sent`.
    public static let type: EventType = "notification.push.sent"

    /// What stands above it.
    public var title: String
    /// What it says.
    public var body: String

    /// Creates the event.
    public init(title: String, body: String) {
        self.title = title
        self.body = body
    }
}
