import ArgumentParser
import Foundation
import KeyStore

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
                master key must replace that of the old one; the old one still opens old backups of the store. Where \
                systemd hands the key over as a credential, name the file behind it with --master-key.

                JSON: {"masterID", "resealed", "resumed"}.
                """)

        @OptionGroup var options: StoreOptions
        @Option(name: .long, help: .hidden) var batch = 50
        @Flag(name: .long, help: "Show progress on standard error, also if it is no terminal.") var progress = false
        @Flag(name: .long, help: "Write JSON.") var json = false

        private struct Report: Encodable {
            let masterID: String
            let resealed: Int
            let resumed: Bool
        }

        func run() throws {
            try Failure.reported {
                let report = try options.open().rotateMasterKey(batch: batch) { done in
                    guard progress || isatty(STDERR_FILENO) == 1 else { return }
                    FileHandle.standardError.write(Data("\(done) sealed again\n".utf8))
                }
                if json {
                    return try Output.json(
                        Report(masterID: report.masterID, resealed: report.resealed, resumed: report.resumed))
                }
                Output.write(
                    "master key \(report.masterID): \(report.resealed) secret keys sealed again"
                        + "\(report.resumed ? ", an interrupted rotation was finished" : "")\n")
            }
        }
    }
}
