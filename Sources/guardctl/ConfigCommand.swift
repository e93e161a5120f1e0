import ArgumentParser
import Configuration

/// `guardctl config`.
struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Look at the configuration.", subcommands: [CheckCommand.self])

    struct CheckCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "check",
            abstract: "Say whether guardd would take a configuration.",
            discussion:
                "Each mistake is one line: file:line, what is wrong, what to write instead. Exit status 2 if any.")

        @Option(name: .long, help: ArgumentHelp("The file to check.", valueName: "file"))
        var config = StoreOptions.defaultConfiguration

        func run() throws {
            try Failure.reported {
                _ = try Configuration.load(path: config)
                Output.write("\(config): no mistakes found\n")
            }
        }
    }
}
