import ArgumentParser
import Foundation
import KeyStore

/// `guardctl store`.
struct StoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "store", abstract: "Move the key store.", subcommands: [CopyCommand.self])

    struct CopyCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "copy",
            abstract: "Copy the whole key store to another place or engine.",
            discussion: """
                Both are files of SQLite (sqlite:/path or a path) or databases of PostgreSQL (postgresql://user@host/database, \
                which createdb has made). Stop guardd first: what is changed after the start is not copied. The target must be \
                empty; it gets everything, compared by counts and digests, or nothing. The master key stays the same.

                JSON: [{"table", "rows", "digest"}].
                """)

        @Argument(help: ArgumentHelp("The store that is there.", valueName: "from")) var source: String
        @Argument(help: ArgumentHelp("The empty store.", valueName: "to")) var target: String
        @Flag(name: .long, help: "Show progress on standard error, also if it is no terminal.") var progress = false
        @Flag(name: .long, help: "Write JSON.") var json = false

        private struct Report: Encodable {
            let table: String
            let rows: Int
            let digest: String
        }

        func run() throws {
            try Failure.reported {
                let tables = try StoreCopy(from: source, to: target).run { table, done, all in
                    guard progress || isatty(STDERR_FILENO) == 1 else { return }
                    FileHandle.standardError.write(Data("\(table): \(done) of \(all)\n".utf8))
                }
                if json {
                    return try Output.json(tables.map { Report(table: $0.name, rows: $0.rows, digest: $0.digest) })
                }
                for table in tables where table.rows > 0 {
                    Output.write("\(table.rows)  \(table.name)  \(table.digest.prefix(16))\n")
                }
                Output.write(
                    "copied to \(StoreLocation(target).name); set it as store in the configuration and start guardd\n")
            }
        }
    }
}
