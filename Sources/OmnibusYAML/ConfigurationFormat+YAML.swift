// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

public import Omnibus

#if YAML
    extension ConfigurationFormat {
        /// YAML, read by libyaml, with values by the core schema of YAML 1.2.
        ///
        /// So `true` and `false` are the only booleans, and `yes`, `no`, `on`, `off` are texts; numbers have no sexagesimal
        /// form, and octal ones begin with `0o`. Anchors and aliases are filled in, within the limits of every format.
        /// One document is read. What would be read differently elsewhere is an error: a key that occurs twice, merge
        /// keys (`<<`), tags beyond the core schema's, the directive `%YAML 1.1`, several documents.
        public static let yaml = ConfigurationFormat(name: "YAML", fileExtensions: ["yaml", "yml"]) {
            bytes throws(ConfigurationSyntaxError) in
            var composer = YAMLComposer()
            let parser = LibYAMLParser(bytes)
            while let (event, place) = try parser.next() {
                try composer.take(event, at: place)
            }
            return try composer.finish()
        }
    }
#else
    extension ConfigurationFormat {
        /// YAML, read by libyaml.
        @available(*, unavailable, message: "Enable the trait 'YAML' of the package swift-omnibus to read YAML.")
        public static var yaml: ConfigurationFormat { .json }
    }
#endif
