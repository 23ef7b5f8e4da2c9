// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// The settings of a queue, which it and its machine hold once: they are a third as large as all the rest of it.
@usableFromInline
package final class SharedSettings: Sendable {
    @usableFromInline package let settings: SubscriptionSettings

    package init(_ settings: SubscriptionSettings) {
        self.settings = settings
    }
}
