// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import OmnibusTesting

/// What is wrong with a provider that is broken on purpose, and the promises that it breaks by it.
enum Fault: String, CaseIterable, Sendable {
    case losesEverySeventhMessage
    case deliversEveryEighthMessageTwice
    case swapsTwoMessages
    case forgetsHeaders
    case cutsLongPayloads
    case usesAnIDAgain
    case countsAttemptsFromZero
    case waitsHalfTheDelay
    case ignoresTheDelay
    case acceptsASecondSettlement
    case ignoresExtensions
    case countsWhatWasNotHandled
    case ignoresPause
    case handsOutMoreThanAskedFor
    case takesStarForHash
    case deliversAfterTheEnd
    case ignoresTimeToLive
    case ignoresPriority
    case ignoresTheGroup
    case joinsWhateverTheSettings
    case countsMembersForGroups
    case dropsTheNewestForTheOldest
    case mendsBounds
    case countsWhatIsInFlightAsWaiting
    case countsAnOfferTwice
    case acceptsMessagesAfterTheEnd
    case pausesSilently
    case schedulesTooEarly
    case cancelsNothing
    case noticesNoRepetition
    case ignoresWhatIsExpected
    case ignoresPredicates

    /// The scenarios that fail; the first names the fault.
    var broken: [String] {
        switch self {
        case .losesEverySeventhMessage: ["Every message comes, of many"]
        case .deliversEveryEighthMessageTwice: ["A message that was acknowledged does not come again"]
        case .swapsTwoMessages: ["The messages of one publisher come in the order in which it published them"]
        case .forgetsHeaders: ["A message keeps headers of every type"]
        case .cutsLongPayloads: ["A message keeps the payload's bytes, whatever they are"]
        case .usesAnIDAgain: ["No two messages get the same id"]
        case .countsAttemptsFromZero: ["Attempts are counted from 1"]
        case .waitsHalfTheDelay: ["A message that waits a while comes no earlier"]
        case .ignoresTheDelay:
            [
                "A message that waits a while comes no earlier",
                "Messages that wait come in the order in which they are due",
                "A message that waits holds nobody else up", "A delay may be as long as it can be",
                "A key is held while its message waits for its retry",
                "A message of a higher priority runs while the one that holds its key waits",
            ]
        case .acceptsASecondSettlement: ["A second settlement throws 'alreadySettled'"]
        case .ignoresExtensions: ["A deadline can be set anew"]
        case .countsWhatWasNotHandled:
            ["A message that was not handled goes back without counting an attempt"]
        case .ignoresPause: ["A paused subscription gets nothing until it is resumed, then all of it"]
        case .handsOutMoreThanAskedFor: ["A subscription hands out no more than it is asked for"]
        case .takesStarForHash: ["The wildcard * matches exactly one word"]
        case .deliversAfterTheEnd:
            [
                "Nothing is delivered after a subscription has ended",
                "A handler may end its own subscription",
            ]
        case .ignoresTimeToLive:
            [
                "A message whose time to live is over is not delivered",
                "A message whose time to live was over comes to the topic of dead letters",
            ]
        case .ignoresPriority: ["A critical message overtakes a backlog"]
        case .ignoresTheGroup:
            [
                "Each message goes to one member of a group",
                "A receipt counts a group once, however many members it has",
                "What a member held when it left comes to the others",
                "A group refuses a member with other settings",
                "Members of a group have one message of a key at a time", "A named group goes on where it had got to",
            ]
        case .joinsWhateverTheSettings: ["A group refuses a member with other settings"]
        case .countsMembersForGroups: ["A receipt counts a group once, however many members it has"]
        case .dropsTheNewestForTheOldest: ["A full queue that drops the oldest has the newest"]
        case .mendsBounds: ["Bounds that make no sense are refused"]
        case .countsWhatIsInFlightAsWaiting: ["A subscription is described with its pattern, and what waits"]
        case .countsAnOfferTwice: ["Every message that was offered to a queue is counted once"]
        case .acceptsMessagesAfterTheEnd: ["A provider that was disconnected refuses what comes after"]
        case .schedulesTooEarly: ["A scheduled message comes no earlier than after its delay"]
        case .cancelsNothing:
            ["A scheduled message that is cancelled does not come", "Messages that wait for their time can be listed"]
        case .ignoresWhatIsExpected: ["A message is appended only where it gets the offset that is expected"]
        case .ignoresPredicates: ["A subscription with a predicate gets what it wants alone"]
        case .noticesNoRepetition: ["A message that is published again within the window comes once"]
        case .pausesSilently:
            [
                "What a provider does not declare, it refuses by name",
                "A paused subscription gets nothing until it is resumed, then all of it",
            ]
        }
    }
}
