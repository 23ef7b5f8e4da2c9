// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// What a queue has to know of a value that it is offered among others.
@usableFromInline
package struct ValueFacts: Sendable {
    package var key: String?
    package var size: UInt32

    @usableFromInline
    package init(key: String?, size: Int) {
        self.key = key
        self.size = UInt32(clamping: Payload.bounded(size))
    }
}
