// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusCore
import OmnibusInMemory
import OmnibusTesting
import Testing

/// Expects an error of the broker with a code, and returns it.
@discardableResult
func expectError(
    _ code: OmnibusError.Code,
    sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () async throws -> Void
) async -> OmnibusError? {
    do {
        try await body()
        Issue.record("Nothing was thrown, but '\(code)' was expected.", sourceLocation: sourceLocation)
    } catch let error as OmnibusError {
        #expect(error.code == code, "\(error)", sourceLocation: sourceLocation)
        return error
    } catch {
        Issue.record(
            error,
            "An error of the broker with the code '\(code)' was expected.",
            sourceLocation: sourceLocation
        )
    }
    return nil
}

extension Message {
    /// A message that carries a number.
    static func number(_ number: Int, to topic: Topic, key: String? = nil) -> Message {
        Message(topic: topic, key: key, payload: Payload(json: .integer(Int64(number))))
    }

    /// The number that the message carries; -1 if it carries none.
    var number: Int {
        guard let json = try? self.payload.json(), case .integer(let number) = json else { return -1 }
        return Int(number)
    }
}
