// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

#if YAML
    import COmnibusYAML
    import Omnibus

    /// Asks libyaml for the events of a document, one after the other.
    ///
    /// It stays with the one call that reads, and owns the parser and the bytes that the parser reads.
    final class LibYAMLParser {
        // Ownership: allocated here, deleted and freed in `deinit`. libyaml keeps pointers into both, so that neither
        // may move.
        private let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
        private let input: UnsafeMutableBufferPointer<UInt8>
        private let isReady: Bool

        init(_ bytes: [UInt8]) {
            self.input = .allocate(capacity: bytes.count)
            _ = self.input.initialize(from: bytes)
            self.parser.initialize(to: yaml_parser_t())
            self.isReady = yaml_parser_initialize(self.parser) == 1
            guard self.isReady else { return }
            yaml_parser_set_encoding(self.parser, YAML_UTF8_ENCODING)
            yaml_parser_set_input_string(self.parser, self.input.baseAddress, self.input.count)
        }

        deinit {
            if self.isReady { yaml_parser_delete(self.parser) }
            self.parser.deinitialize(count: 1)
            self.parser.deallocate()
            self.input.deallocate()
        }

        /// The next event, and where it is; nil after the last.
        func next() throws(ConfigurationSyntaxError) -> (YAMLEvent, ConfigurationNode.Place)? {
            guard self.isReady else {
                throw ConfigurationSyntaxError(place: nil, found: "no memory", expected: "enough to read it")
            }
            while true {
                var event = yaml_event_t()
                guard yaml_parser_parse(self.parser, &event) == 1 else { throw self.error() }
                // Ownership: the parser hands the event over; what is kept of it is copied before it goes.
                defer { yaml_event_delete(&event) }
                let place = Self.place(event.start_mark)
                switch event.type {
                case YAML_STREAM_END_EVENT, YAML_NO_EVENT: return nil
                case YAML_STREAM_START_EVENT: continue
                default: return (try Self.copy(event, place), place)
                }
            }
        }

        private static func copy(
            _ event: yaml_event_t,
            _ place: ConfigurationNode.Place
        ) throws(ConfigurationSyntaxError) -> YAMLEvent {
            switch event.type {
            case YAML_DOCUMENT_START_EVENT:
                let version = event.data.document_start.version_directive?.pointee
                return .documentStart(version: version.map { "\($0.major).\($0.minor)" })
            case YAML_DOCUMENT_END_EVENT:
                return .documentEnd
            case YAML_ALIAS_EVENT:
                return .alias(self.text(event.data.alias.anchor) ?? "")
            case YAML_SCALAR_EVENT:
                let scalar = event.data.scalar
                let bytes = UnsafeBufferPointer(start: scalar.value, count: scalar.length)
                guard let text = String(validating: bytes, as: UTF8.self) else {
                    throw ConfigurationSyntaxError(place: place, found: "bytes that are not UTF-8", expected: "UTF-8")
                }
                return .scalar(
                    text,
                    tag: self.text(scalar.tag),
                    isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE,
                    anchor: self.text(scalar.anchor)
                )
            case YAML_SEQUENCE_START_EVENT:
                let start = event.data.sequence_start
                return .listStart(tag: self.text(start.tag), anchor: self.text(start.anchor))
            case YAML_MAPPING_START_EVENT:
                let start = event.data.mapping_start
                return .sectionStart(tag: self.text(start.tag), anchor: self.text(start.anchor))
            default:
                return .end
            }
        }

        private static func text(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String? {
            pointer.map { String(cString: $0) }
        }

        /// libyaml counts lines and columns from 0.
        private static func place(_ mark: yaml_mark_t) -> ConfigurationNode.Place {
            .position(line: Int(mark.line) + 1, column: Int(mark.column) + 1)
        }

        /// What libyaml complains of: its texts are fixed and quote nothing of the document.
        private func error() -> ConfigurationSyntaxError {
            let parser = self.parser.pointee
            let problem = parser.problem.map { String(cString: $0) } ?? "something that is not YAML"
            let place = Self.place(parser.problem_mark)
            // Where bytes cannot be read there is no line yet, only an offset.
            let isOfReader = parser.error == YAML_READER_ERROR
            return ConfigurationSyntaxError(
                place: isOfReader ? nil : place,
                found: "what libyaml calls '\(problem)'\(isOfReader ? " at byte \(parser.problem_offset)" : "")",
                expected: "YAML"
            )
        }
    }
#endif
