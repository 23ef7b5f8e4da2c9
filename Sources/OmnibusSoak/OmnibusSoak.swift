// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Omnibus

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Puts a bus under load for as long as asked, and checks memory, latency and accounting.
@main
enum OmnibusSoak {
    static func main() async throws {
        guard let arguments = Arguments(Array(CommandLine.arguments.dropFirst())) else {
            say(Arguments.usage)
            exit(2)
        }
        _ = ContinuousClock.Instant.Since.origin
        var findings = Findings()
        try await BoundsCheck().run(&findings)
        try await StallCheck().run(&findings)
        try await MixedLoad().run(arguments, &findings)
        say(findings.broken == 0 ? "\nEvery limit was kept." : "\n\(findings.broken) limits were not kept.")
        exit(findings.broken == 0 ? 0 : 1)
    }
}
