// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus

extension ConformanceRun {
    /// Checks that two values are equal.
    func expect<Value: Equatable>(
        _ found: Value,
        _ expected: Value,
        _ what: String,
        file: String = #fileID,
        line: Int = #line
    ) throws {
        guard found == expected else {
            throw ConformanceFinding(
                expected: "\(what): \(expected)",
                found: "\(found)",
                callSite: CallSite(file: file, line: line)
            )
        }
    }

    /// Checks that something is true.
    func expect(
        _ isTrue: Bool,
        _ expected: String,
        found: @autoclosure () -> String = "it is not so",
        file: String = #fileID,
        line: Int = #line
    ) throws {
        guard isTrue else {
            throw ConformanceFinding(
                expected: expected,
                found: found(),
                callSite: CallSite(file: file, line: line)
            )
        }
    }

    /// Checks that a call throws an error with a code, and returns the error.
    @discardableResult
    func expectError(
        _ codes: OmnibusError.Code...,
        from what: String,
        file: String = #fileID,
        line: Int = #line,
        _ body: () async throws -> Void
    ) async throws -> OmnibusError {
        let expected = "\(what) throws \(codes.map { "'\($0)'" }.joined(separator: " or "))"
        let callSite = CallSite(file: file, line: line)
        do {
            try await body()
        } catch let error as OmnibusError {
            if codes.contains(error.code) { return error }
            // What the provider does not have, it may refuse; the suite judges whether by the right name.
            if error.code == .unsupported { throw error }
            throw ConformanceFinding(expected: expected, found: "\(error)", callSite: callSite)
        } catch {
            throw ConformanceFinding(expected: expected, found: "another error: \(error)", callSite: callSite)
        }
        throw ConformanceFinding(expected: expected, found: "nothing is thrown", callSite: callSite)
    }

    /// Unwraps a value that has to be there.
    func require<Value>(
        _ value: Value?,
        _ what: String,
        file: String = #fileID,
        line: Int = #line
    ) throws -> Value {
        guard let value else {
            throw ConformanceFinding(expected: what, found: "nil", callSite: CallSite(file: file, line: line))
        }
        return value
    }

    /// Makes what a check throws.
    func finding(
        _ expected: String,
        _ found: String,
        file: String = #fileID,
        line: Int = #line
    ) -> ConformanceFinding {
        ConformanceFinding(expected: expected, found: found, callSite: CallSite(file: file, line: line))
    }

    /// Makes the report of a check that failed.
    func failure(
        _ expected: String,
        _ found: String,
        at callSite: CallSite? = nil,
        missing: [Capability] = []
    ) -> ConformanceFailure {
        ConformanceFailure(
            scenario: self.scenario.name,
            way: self.way,
            provider: self.capabilities.provider,
            expected: expected,
            found: found,
            callSite: callSite,
            steps: self.steps,
            missing: missing
        )
    }
}
