import ArgumentParser
import Settings

/// `guardctl config`.
struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Look at the configuration.", subcommands: [CheckCommand.self])

    struct CheckCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "check",
            abstract: "Say whether guardd would take a configuration.",
            discussion:
                "Each mistake is one line: file:line, what is wrong, what to write instead. Exit status 2 if any. "
                + "JSON: {\"file\", \"ok\", \"problems\": [{\"file\", \"line\", \"message\"}]}; line 0 is the whole file."
        )

        @Option(name: .long, help: ArgumentHelp("The file to check.", valueName: "file"))
        var config = StoreOptions.defaultConfiguration

        @Flag(name: .long, help: "Write JSON.") var json = false

        private struct Report: Encodable {
            struct Problem: Encodable {
                let file: String
                let line: Int
                let message: String
            }
            let file: String
            let ok: Bool
            let problems: [Problem]
        }

        func run() throws {
            try Failure.reported {
                if json {
                    var problems: [Report.Problem] = []
                    do { _ = try Configuration.load(path: config) } catch let error as ConfigurationError {
                        problems = error.problems.map { .init(file: $0.file, line: $0.line, message: $0.message) }
                    }
                    try Output.json(Report(file: config, ok: problems.isEmpty, problems: problems))
                    if !problems.isEmpty { throw ExitCode(2) }
                    return
                }
                _ = try Configuration.load(path: config)
                Output.write("\(config): no mistakes found\n")
            }
        }
    }
}
