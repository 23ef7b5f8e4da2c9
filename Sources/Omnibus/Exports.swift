// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

// One import gives a user all the words.
@_exported public import CloudEvents
@_exported public import CloudEventsFoundation
@_exported public import OmnibusCore
@_exported public import OmnibusInMemory
@_exported public import OmnibusJSON
