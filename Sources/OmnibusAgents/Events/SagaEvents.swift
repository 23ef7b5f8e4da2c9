// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

public import Omnibus

// saga.…: what happens to a workflow of several steps, and to the steps; the saga's id is their subject. The saga of
// the documents is an order's, hence the names; a saga of your own has events of its own for its beginning and its end,
// and the same for its steps.

/// `saga.order.started`: an order's saga begins.
public struct OrderSagaStarted: AgentEvent {
    /// The topic of these events, `saga.order.started`.
    public static let topic: Topic = "saga.order.started"

    /// Which saga.
    @NotEmpty public var sagaID: String
    /// The order that it is about.
    @NotEmpty public var orderID: String
    /// The names of its steps, in order.
    public var steps: [String]

    /// Creates the event.
    ///
    /// - Throws: ``OmnibusError`` with the code `invalidMessage`, naming the field, where an id is empty.
    public init(sagaID: String, orderID: String, steps: [String]) throws(OmnibusError) {
        self._sagaID = try NotEmpty(sagaID, CodingKeys.sagaID)
        self._orderID = try NotEmpty(orderID, CodingKeys.orderID)
        self.steps = steps
    }

    /// The saga.
    public var eventSubject: String? { self.sagaID }

    private enum CodingKeys: String, CodingKey {
        case sagaID = "saga_id"
        case orderID = "order_id"
        case steps
    }
}

/// `saga.step.completed`: a step of a saga has done its work.
public struct SagaStepCompleted: AgentEvent {
    /// The topic of these events, `saga.step.completed`.
    public static let topic: Topic = "saga.step.completed"

    /// Which saga.
    @NotEmpty public var sagaID: String
    /// The name of the step.
    @NotEmpty public var step: String
    /// How it ended, `success` as a rule.
    @OutcomeWord public var status: TaskStatus
    /// The event that takes back what the step has done; nil where there is nothing to take back.
    public var compensation: Compensation?

    /// Creates the event.
    ///
    /// - Throws: ``OmnibusError`` with the code `invalidMessage`, naming the field, where id or step is empty.
    public init(
        sagaID: String,
        step: String,
        status: TaskStatus = .completed,
        compensation: Compensation? = nil
    ) throws(OmnibusError) {
        self._sagaID = try NotEmpty(sagaID, CodingKeys.sagaID)
        self._step = try NotEmpty(step, CodingKeys.step)
        self.status = status
        self.compensation = compensation
    }

    /// The saga.
    public var eventSubject: String? { self.sagaID }

    private enum CodingKeys: String, CodingKey {
        case sagaID = "saga_id"
        case step, status, compensation
    }
}

/// The event that takes back what a step has done: what to publish should a later step fail.
public struct Compensation: Codable, Sendable, Hashable {
    /// The type of that event, such as `inventory.release`.
    @NotEmpty public var type: String
    /// Its data, of any form.
    public var data: JSONObject

    /// Creates a description of an event.
    ///
    /// - Throws: ``OmnibusError`` with the code `invalidMessage`, naming the field, where the type is empty.
    public init(type: String, data: JSONObject) throws(OmnibusError) {
        self._type = try NotEmpty(type, CodingKeys.type)
        self.data = data
    }

    private enum CodingKeys: String, CodingKey {
        case type, data
    }
}

/// `saga.step.failed`: a step of a saga has not done its work.
public struct SagaStepFailed: AgentEvent {
    /// The topic of these events, `saga.step.failed`.
    public static let topic: Topic = "saga.step.failed"

    /// Which saga.
    @NotEmpty public var sagaID: String
    /// The name of the step.
    @NotEmpty public var step: String
    /// What went wrong, for people.
    public var error: String

    /// Creates the event.
    ///
    /// - Throws: ``OmnibusError`` with the code `invalidMessage`, naming the field, where id or step is empty.
    public init(sagaID: String, step: String, error: String) throws(OmnibusError) {
        self._sagaID = try NotEmpty(sagaID, CodingKeys.sagaID)
        self._step = try NotEmpty(step, CodingKeys.step)
        self.error = error
    }

    /// The saga.
    public var eventSubject: String? { self.sagaID }

    private enum CodingKeys: String, CodingKey {
        case sagaID = "saga_id"
        case step, error
    }
}

/// `inventory.release`: the compensation of the order's saga, what was reserved is free again.
///
/// Its data does not name the saga, which is the subject: give it to `Message(_:source:subject:time:)`.
public struct InventoryRelease: AgentEvent {
    /// The topic of these events, `inventory.release`.
    public static let topic: Topic = "inventory.release"

    /// Which reservation.
    @NotEmpty public var reservationID: String

    /// Creates the event.
    ///
    /// - Throws: ``OmnibusError`` with the code `invalidMessage`, naming the field, where the id is empty.
    public init(reservationID: String) throws(OmnibusError) {
        self._reservationID = try NotEmpty(reservationID, CodingKeys.reservationID)
    }

    private enum CodingKeys: String, CodingKey {
        case reservationID = "reservation_id"
    }
}

/// `saga.order.completed`: an order's saga has ended, well or not.
public struct OrderSagaCompleted: AgentEvent {
    /// The topic of these events, `saga.order.completed`.
    public static let topic: Topic = "saga.order.completed"

    /// Which saga.
    @NotEmpty public var sagaID: String
    /// How it ended.
    @OutcomeWord public var status: TaskStatus
    /// The names of the steps that were taken back.
    public var compensatedSteps: [String]?

    /// Creates the event.
    ///
    /// - Throws: ``OmnibusError`` with the code `invalidMessage`, naming the field, where the id is empty.
    public init(sagaID: String, status: TaskStatus, compensatedSteps: [String]? = nil) throws(OmnibusError) {
        self._sagaID = try NotEmpty(sagaID, CodingKeys.sagaID)
        self.status = status
        self.compensatedSteps = compensatedSteps
    }

    /// The saga.
    public var eventSubject: String? { self.sagaID }

    private enum CodingKeys: String, CodingKey {
        case sagaID = "saga_id"
        case status
        case compensatedSteps = "compensated_steps"
    }
}
