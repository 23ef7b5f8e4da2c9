// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import CloudEvents

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// `cloudevents-convert --from FORM --to FORM` reads events, one a line, and writes them in another form.
@main
enum CloudEventsConvert {
    static let usage = """
        usage: cloudevents-convert --from FORM --to FORM [--lenient] [--names N]
          FORM       \(Form.all.map(\.name).joined(separator: ", "))
          --lenient  fill in or leave out what can be, and say so on standard error
          --names N  refuse names of extensions with more than N characters (the specification recommends 20 at most)
        Reads events from standard input, one a line, and writes them to standard output. An invalid one becomes a line
        {"error":"…","attribute":"…","rule":"…"}, and the exit status is 1.
        """

    static func main() {
        let arguments = Array(CommandLine.arguments.dropFirst())
        if arguments.contains("--help") || arguments.contains("-h") {
            writeLine(Array(self.usage.utf8))
            return
        }
        guard let converter = self.converter(arguments) else {
            writeLine(Array(self.usage.utf8), to: STDERR_FILENO)
            exit(2)
        }
        var reader = LineReader()
        var hasError = false
        while let line = reader.next() {
            if line.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { continue }
            let outcome = converter.convert(line)
            for line in outcome.lines { writeLine(line) }
            for repair in outcome.repairs {
                writeLine(Array("\(repair.attribute): \(repair.action), rule \(repair.rule)".utf8), to: STDERR_FILENO)
            }
            hasError = hasError || outcome.isError
        }
        exit(hasError ? 1 : 0)
    }

    private static func converter(_ arguments: [String]) -> Converter? {
        var from: Form?
        var to: Form?
        var options = CloudEventReadingOptions.strict
        var rest = arguments.makeIterator()
        while let argument = rest.next() {
            switch argument {
            case "--from": from = rest.next().flatMap { Form(name: $0) }
            case "--to": to = rest.next().flatMap { Form(name: $0) }
            case "--lenient": options.strictness = .lenient
            case "--names":
                guard let length = rest.next().flatMap({ Int($0) }), length > 0 else { return nil }
                options.maximumNameLength = length
            default: return nil
            }
        }
        guard let from, let to else { return nil }
        return Converter(from: from, to: to, options: options)
    }
}
