// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Omnibus
import Testing

/// The samples in `Tests/Fixtures`, and what their variables are set to.
enum Fixture {
    static let secret = "a-secret-that-nobody-may-see-0123456789"
    static let environment = [
        "KMB_JWT_SECRET": Self.secret, "BILLING_TOKEN_KEY": Self.secret, "BILLING_PASSWORD": Self.secret,
    ]

    static func path(_ name: String) -> String {
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Fixtures/\(name)").path
    }

    static func read(_ name: String) throws -> Configuration {
        try Configuration(file: self.path(name), environment: self.environment)
    }

    static func json(_ name: String) throws -> JSONValue {
        try JSONValue(parsing: [UInt8](Data(contentsOf: URL(filePath: self.path(name)))))
    }

    /// What is wrong with a document; empty where nothing is.
    static func findings(
        in json: JSONValue,
        environment: [String: String] = Self.environment
    ) throws -> [ConfigurationFinding] {
        do throws(OmnibusError) {
            _ = try Configuration(text: "\(json)", environment: environment)
            return []
        } catch {
            #expect(error.code == .invalidConfiguration)
            return try #require(error.details as? [ConfigurationFinding])
        }
    }
}
