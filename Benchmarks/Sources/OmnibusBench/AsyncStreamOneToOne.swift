// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// One publisher, one handler, with what the standard library has.
///
/// It does less than the bus: there is no topic to look up, and an `AsyncStream` cannot make its publisher wait. A
/// bounded one drops what does not fit, so the unbounded default is what a user would pick who must not lose messages.
extension Contestant {
    static let asyncStreamOneToOne = Contestant(name: "one-to-one/async-stream") { count, meter in
        let tally = Tally(expected: count)
        let (events, publisher) = AsyncStream<Tick>.makeStream()
        let subscriber = Task { [handler = countingHandler(tally)] in
            for await event in events {
                try await handler(event)
            }
        }

        let figure = try await meter.perMessage(of: count) {
            for n in 0..<count {
                publisher.yield(Tick(n: n, name: "tick"))
            }
            try await tally.wait()
        }

        publisher.finish()
        try await subscriber.value
        return figure
    }
}

/// Makes the handler a value whose body the loop that calls it does not see, as it is on a bus.
@inline(never)
private func countingHandler(_ tally: Tally) -> @Sendable (Tick) async throws -> Void {
    { event in tally.add(event.n) }
}
