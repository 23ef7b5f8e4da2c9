// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

public import Omnibus

extension EventRecorder {
    /// Waits for the first element that a condition is true for, of all that were recorded since the start.
    ///
    /// It hands out nothing: ``next(file:line:)`` goes on where it was.
    ///
    /// - Throws: ``RecorderFailure`` when the calling task is cancelled.
    @discardableResult
    public func wait(
        file: String = #fileID,
        line: Int = #line,
        for isWanted: (Element) -> Bool
    ) async throws(RecorderFailure) -> Element {
        var seen = 0
        while true {
            let new = self.all.dropFirst(seen)
            // The condition is the caller's own, so that it runs under no lock.
            if let element = new.first(where: isWanted) { return element }
            seen += new.count
            guard await self.hasRecorded(seen + 1) else {
                throw RecorderFailure(
                    .cancelled,
                    expected: "an element that the condition is true for",
                    found: "the task was cancelled while it waited",
                    in: self.all,
                    CallSite(file: file, line: line)
                )
            }
        }
    }

    /// Waits until a bus is settled, and expects that no element was recorded that a condition is true for.
    ///
    /// What only waits for the clock, such as a retry, does not keep a bus from being settled.
    ///
    /// - Throws: ``RecorderFailure``, naming the first element that should not be there.
    public func expectNone(
        on bus: EventBus,
        file: String = #fileID,
        line: Int = #line,
        where isUnwanted: (Element) -> Bool
    ) async throws(RecorderFailure) {
        let callSite = CallSite(file: file, line: line)
        let expected = "no element that the condition is true for"
        let elements = try await self.elements(settled: bus, expected, callSite)
        guard let index = elements.firstIndex(where: isUnwanted) else { return }
        throw RecorderFailure(
            .unexpected,
            expected: expected,
            found: "element \(index + 1) is \(RecorderFailure.text(elements[index]))",
            in: elements,
            callSite
        )
    }

    /// Waits until a bus is settled, and expects that nothing was recorded which has not been handed out.
    ///
    /// What ``next(file:line:)``, `expectInOrder` and `expectInAnyOrder` have returned was handed out.
    ///
    /// - Throws: ``RecorderFailure``, naming the first element that should not be there.
    public func expectNoMore(
        on bus: EventBus,
        file: String = #fileID,
        line: Int = #line
    ) async throws(RecorderFailure) {
        let callSite = CallSite(file: file, line: line)
        let taken = self.taken
        let expected = taken == 0 ? "no element" : "no element after number \(taken), the last that was handed out"
        let elements = try await self.elements(settled: bus, expected, callSite)
        guard elements.count > taken else { return }
        throw RecorderFailure(
            .unexpected,
            expected: expected,
            found: "element \(taken + 1) is \(RecorderFailure.text(elements[taken]))",
            in: elements,
            callSite
        )
    }

    /// What there is once a bus is settled.
    private func elements(
        settled bus: EventBus,
        _ expected: String,
        _ callSite: CallSite
    ) async throws(RecorderFailure) -> [Element] {
        await bus.settled()
        let elements = self.all
        guard Task.isCancelled else { return elements }
        throw RecorderFailure(
            .cancelled,
            expected: expected,
            found: "the task was cancelled while it waited for the bus to be settled",
            in: elements,
            callSite
        )
    }
}

extension EventRecorder where Element: Equatable {
    /// Takes as many elements as are expected, and expects these, in this order.
    ///
    /// It goes on where ``next(file:line:)`` was, and ends at the first element that is another one.
    ///
    /// - Throws: ``RecorderFailure`` when another element comes, or the calling task is cancelled.
    public func expectInOrder(
        _ elements: [Element],
        file: String = #fileID,
        line: Int = #line
    ) async throws(RecorderFailure) {
        let callSite = CallSite(file: file, line: line)
        for (index, expected) in elements.enumerated() {
            let wish = "\(RecorderFailure.text(expected)) as number \(index + 1) of \(elements.count)"
            let (element, number) = try await self.take(wish, callSite)
            guard element != expected else { continue }
            throw RecorderFailure(
                .different,
                expected: wish,
                found: "element \(number) is \(RecorderFailure.text(element))",
                in: self.all,
                callSite
            )
        }
    }

    /// Takes as many elements as are expected, and expects these, in whatever order, each as often as it is named.
    ///
    /// It goes on where ``next(file:line:)`` was, and ends at the first element that is none of them. O(n²).
    ///
    /// - Throws: ``RecorderFailure`` when another element comes, or the calling task is cancelled.
    public func expectInAnyOrder(
        _ elements: [Element],
        file: String = #fileID,
        line: Int = #line
    ) async throws(RecorderFailure) {
        let callSite = CallSite(file: file, line: line)
        var missing = elements
        while !missing.isEmpty {
            let list = missing.prefix(RecorderFailure.shownElements).map { RecorderFailure.text($0) }
            let wish = "any of [\(list.joined(separator: ", "))]"
            let (element, number) = try await self.take(wish, callSite)
            if let index = missing.firstIndex(of: element) {
                missing.remove(at: index)
                continue
            }
            throw RecorderFailure(
                .different,
                expected: wish,
                found: "element \(number) is \(RecorderFailure.text(element))",
                in: self.all,
                callSite
            )
        }
    }
}
