// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

extension Configuration {
    /// What is told about the bus while it runs: the section `monitoring`.
    public struct Monitoring: Sendable, Hashable {
        /// Counts and durations: `metrics`.
        public var metrics: Metrics?
        /// What is written about what happens: `logging`.
        public var logging: Logging?

        /// Creates the section; what is left out is not asked for.
        public init(metrics: Metrics? = nil, logging: Logging? = nil) {
            self.metrics = metrics
            self.logging = logging
        }
    }

    /// Counts and durations.
    public struct Metrics: Sendable, Hashable {
        /// Whether they are shown to others, at ``prometheusPort``: `enabled`.
        ///
        /// Without a port nothing is shown. The bus counts in any case, whatever is said here: `EventBus.metrics` has the
        /// numbers.
        public var isEnabled: Bool
        /// The port where Prometheus reads them: `prometheus_port`.
        public var prometheusPort: Int?

        /// Creates the section.
        public init(isEnabled: Bool, prometheusPort: Int? = nil) {
            self.isEnabled = isEnabled
            self.prometheusPort = prometheusPort
        }
    }

    /// What is written about what happens.
    public struct Logging: Sendable, Hashable {
        /// How a line is written.
        public enum Format: String, Sendable, Hashable, CaseIterable {
            /// A JSON object a line (`JSONLinesLog`).
            case json
            /// A sentence a line, and the values behind it (`TextLog`).
            case text
        }

        /// The least severe level that is written: `level`; nil is `info`.
        public var level: LogLevel?
        /// How a line is written: `format`; nil is JSON.
        public var format: Format?
        /// The path of a file, or `stdout` or `stderr`: `output`; nil is `stderr`.
        public var output: String?

        /// Creates the section; what is left out has its default.
        public init(level: LogLevel? = nil, format: Format? = nil, output: String? = nil) {
            self.level = level
            self.format = format
            self.output = output
        }
    }
}

extension Configuration.Monitoring {
    init(_ section: inout ConfigurationSection) {
        self.init(
            metrics: section.section("metrics") { part in
                Configuration.Metrics(
                    isEnabled: part.required("enabled", .boolean) ?? false,
                    prometheusPort: part.value("prometheus_port", .integer(1...65_535))
                )
            },
            logging: section.section("logging") { part in
                Configuration.Logging(
                    level: part.value("level", .choice(LogLevel.allCases.map { ($0.name, $0) })),
                    format: part.value(
                        "format",
                        .choice(Configuration.Logging.Format.allCases.map { ($0.rawValue, $0) })
                    ),
                    output: part.value("output", .text("the path of a file, 'stdout' or 'stderr'"))
                )
            }
        )
    }

    func write(_ writer: inout NodeWriter) {
        writer.add("metrics", self.metrics) { metrics, writer in
            writer.add("enabled", metrics.isEnabled)
            writer.add("prometheus_port", metrics.prometheusPort)
        }
        writer.add("logging", self.logging) { logging, writer in
            writer.add("level", logging.level?.name)
            writer.add("format", logging.format?.rawValue)
            writer.add("output", logging.output)
        }
    }
}
