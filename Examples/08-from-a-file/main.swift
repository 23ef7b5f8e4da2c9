// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Omnibus

struct Greeting: Event {
    static let topic: Topic = "greetings.sent"
    var name: String
}

do {
    // The file stands beside this one; a program of yours would take its path from an argument.
    let folder = #filePath.split(separator: "/").dropLast().joined(separator: "/")
    let file = try Configuration(file: "/\(folder)/bus.json")
    // Whatever else somebody wants to change from outside: OMNIBUS_BUS_SOURCE, OMNIBUS_BUS_HANDLER_TIMEOUT, …
    let configuration = try file.overridden(by: Configuration.processEnvironment)

    let registry = try ProviderRegistry.standard.registering(LoudBroker.factory)
    let bus = try EventBus(configuration: configuration, registry: registry)
    try await bus.connect()
    print("The back end is \(bus.provider.capabilities.provider), the source \(bus.settings.source).")

    try await bus.subscribe(to: Greeting.self) { greeting in
        print("Hello, \(greeting.name)")
    }
    try await bus.publish(Greeting(name: "Ada"))
    await bus.settled()
    try await bus.shutdown(deadline: .seconds(5))
} catch let error as OmnibusError {
    // What makes no sense in the configuration, or what it asks for and nothing here can do.
    FileHandle.standardError.write(Data("\(error.message)\n".utf8))
    exit(1)
}
