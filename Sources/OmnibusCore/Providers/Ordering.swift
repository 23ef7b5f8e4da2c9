// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// Which messages of a subscription, or of its group, are handled one at a time and in order.
public enum Ordering: String, Sendable, Hashable {
    /// Messages of one key: the next one starts when the one before is settled for good, its retries included.
    ///
    /// Other keys, and messages without one, flow past. A message's key is its `key`, else its `subject`. A message of
    /// a higher priority may run while the one that holds the key waits for its retry.
    case key
    /// All messages: a retry stops the whole queue until it is settled for good. Critical messages still go first.
    case strict
    /// None: a message starts as soon as there is a handler for it.
    case unordered
}
