// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// Where the lines of a log go.
public enum LogDestination: Sendable {
    /// The standard output.
    case standardOutput
    /// The standard error.
    case standardError
    /// The end of a file, which is made where there is none.
    case file(String)
    /// A function that is called with each line, without the end of the line.
    case lines(@Sendable (String) -> Void)
}
