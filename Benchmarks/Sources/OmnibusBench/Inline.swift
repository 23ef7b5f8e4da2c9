// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Omnibus

/// One publisher, one handler that is called in the publisher's own thread.
extension Contestant {
    static let inline = Contestant(name: "inline/omnibus") { count, meter in
        let tally = Tally(expected: count)
        let bus = EventBus()
        try bus.observe(Tick.self) { event in
            tally.add(event.n)
        }

        let figure = try await meter.perMessage(of: count) {
            for n in 0..<count {
                try bus.publishNow(Tick(n: n, name: "tick"))
            }
            try await tally.wait()
        }

        try await bus.shutdown(deadline: .seconds(5))
        return figure
    }

    /// The same with Foundation's notifications, the event being the object's user info, as its users do it.
    static let notificationCenter = Contestant(name: "inline/notification-center") { count, meter in
        let tally = Tally(expected: count)
        let center = NotificationCenter()
        let name = Notification.Name("bench.tick")
        let observer = center.addObserver(forName: name, object: nil, queue: nil) { notification in
            if let event = notification.userInfo?["event"] as? Tick { tally.add(event.n) }
        }

        let figure = try await meter.perMessage(of: count) {
            for n in 0..<count {
                center.post(name: name, object: nil, userInfo: ["event": Tick(n: n, name: "tick")])
            }
            try await tally.wait()
        }

        center.removeObserver(observer)
        return figure
    }
}
