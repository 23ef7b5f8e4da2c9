// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus
import Testing

@Suite("ONEX events as CloudEvents")
struct OnexCloudEventTests {
    @Test("keep their metadata through every binding and mode", arguments: ProtocolBinding.allCases)
    func keepsMetadata(binding: ProtocolBinding) throws {
        var event = try OnexEvent(parsing: Array(WireSamples.onex.utf8))
        event.metadata["deep"] = ["a": [nil, ["b": 2.5]], "\u{E9}": 1, "e\u{301}": 2]
        event.metadata["empty"] = ""
        event.metadata["No name\n"] = true
        event.metadata["huge"] = try JSONValue(parsing: "1e400")

        for mode in [ContentMode.binary, .structured] {
            let written = try binding.write(Message(event).cloudEvent(), mode: mode)
            let message = try Message(binding.read(written).event)
            #expect(try OnexEvent(message) == event, "\(binding) \(mode)")
            #expect(try OnexEvent(message).metadata.count == event.metadata.count)
        }
    }
}
