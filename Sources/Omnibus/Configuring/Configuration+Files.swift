// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

extension Configuration {
    /// The variables of this process's environment.
    public static var processEnvironment: [String: String] { ProcessInfo.processInfo.environment }

    /// Reads a configuration from a file.
    ///
    /// `${VAR}` and `${VAR:-default}` in its texts are filled in from the environment. What variables such as
    /// `OMNIBUS_BROKER_BACKEND` say is not asked for: ``overridden(by:)`` does that.
    ///
    /// - Parameters:
    ///   - path: the file's path.
    ///   - format: what it is written in; nil is what its name says, `.json` for JSON.
    ///   - environment: the variables; those of the process unless said otherwise.
    /// - Throws: ``OmnibusError`` with the code `invalidConfiguration`, naming everything that is wrong, or
    ///   `unsupported` for a format that was not handed in.
    public init(
        file path: String,
        format: ConfigurationFormat? = nil,
        environment: [String: String] = Configuration.processEnvironment
    ) throws(OmnibusError) {
        let known: ConfigurationFormat
        if let format { known = format } else { known = try Self.format(of: path) }
        try self.init(bytes: Self.contents(of: path), format: known, file: path, environment: environment)
    }

    private static func format(of path: String) throws(OmnibusError) -> ConfigurationFormat {
        let name = path.split(separator: "/").last ?? ""
        let ending = name.lastIndex(of: ".").map { name[$0...].dropFirst().lowercased() } ?? ""
        switch ending {
        case "json": return .json
        case "yaml", "yml":
            throw OmnibusError(
                .unsupported,
                """
                The configuration '\(path)' is YAML, which needs the trait 'YAML' and the product 'OmnibusYAML'; \
                with them, read it with 'format: .yaml'.
                """,
                details: "YAML"
            )
        default:
            throw OmnibusError(
                .unsupported,
                "The name of the configuration '\(path)' does not say its format; hand it in, as in 'format: .json'.",
                details: "configuration format"
            )
        }
    }

    private static func contents(of path: String) throws(OmnibusError) -> [UInt8] {
        let found: String
        do {
            let url = URL(filePath: path).resolvingSymlinksInPath()
            let attributes = try FileManager.default.attributesOfItem(atPath: url.path)
            let size = (attributes[.size] as? any BinaryInteger).map { Int(clamping: $0) } ?? 0
            // Looked at before it is read: a device has no end.
            if attributes[.type] as? FileAttributeType != .typeRegular {
                found = "something that is no file, such as a folder or a device"
            } else if size > ConfigurationFormat.maximumSize {
                found = "\(size) bytes, of which \(ConfigurationFormat.maximumSize) are read at most"
            } else {
                return [UInt8](try Data(contentsOf: url))
            }
        } catch {
            found = Self.reason(error)
        }
        let finding = ConfigurationFinding(
            path: "the file",
            found: found,
            expected: "a file that this process may read"
        )
        throw .invalidConfiguration([finding], in: path)
    }

    private static func reason(_ error: any Error) -> String {
        switch (error as? CocoaError)?.code {
        case .fileNoSuchFile, .fileReadNoSuchFile: "nothing there"
        case .fileReadNoPermission: "one that this process may not read"
        default: "something that cannot be read"
        }
    }
}
