import ArgumentParser

/// `guardctl master`.
struct MasterCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "master", abstract: "Manage the master key.", subcommands: [RotateCommand.self])

    struct RotateCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "rotate",
            abstract: "Replace the master key and seal every secret key again.",
            discussion: """
                Can be interrupted at any point and run again; a running guardd follows by itself. A backup of the new \
                master key must replace that of the old one; the old one still opens old backups of the store.
                """)

        @OptionGroup var options: StoreOptions

        func run() throws {
            try Failure.reported {
                let report = try options.open().rotateMasterKey()
                Output.write(
                    "master key \(report.masterID): \(report.resealed) secret keys sealed again"
                        + "\(report.resumed ? ", an interrupted rotation was finished" : "")\n")
            }
        }
    }
}
