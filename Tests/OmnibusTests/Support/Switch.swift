// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Something that a test turns off while handlers look at it.
final class Switch: Sendable {
    private let state: Atomic<Bool>

    init(isOn: Bool = true) {
        self.state = Atomic(isOn)
    }

    var isOn: Bool { self.state.load(ordering: .acquiring) }

    func turn(on isOn: Bool) {
        self.state.store(isOn, ordering: .releasing)
    }
}
