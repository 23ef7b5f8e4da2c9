// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

extension MessageID {
    /// Returns the id that follows from the message of a delivery and a name: the same one at each attempt.
    ///
    /// ```swift
    /// try await bus.publish(Receipt(of: order), id: .derived(from: delivery, "receipt"))
    /// ```
    public static func derived(from delivery: Delivery, _ name: String) -> MessageID {
        .derived(from: delivery.message.id, name)
    }

    /// Returns the id that follows from another one and a name: a UUID of version 8 (RFC 9562), always the same.
    ///
    /// A handler that publishes is run again when it is retried. With a derived id, what it publishes has the same id
    /// each time, so that a deduplication window drops the repetition:
    ///
    /// ```swift
    /// message.id = .derived(from: cause.id, "receipt")
    /// ```
    ///
    /// This is no security feature: whoever wants two inputs with the same derived id can find them.
    public static func derived(from id: MessageID, _ name: String) -> MessageID {
        let (high, low) = Mix128.hash { mix in
            // The kind and the end mark keep apart what would read the same when put one after the other.
            switch id.storage {
            case .unassigned:
                mix.absorb(0 as UInt8)
            case .bits(let high, let low):
                mix.absorb(1 as UInt8)
                mix.absorb(high)
                mix.absorb(low)
            case .text(let text):
                mix.absorb(2 as UInt8)
                mix.absorb(UInt64(text.utf8.count))
                mix.absorb(text.utf8)
            }
            mix.absorb(name.utf8)
        }
        return MessageID(
            high: high & ~0xF000 | 0x8000,
            low: low & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
        )
    }
}
