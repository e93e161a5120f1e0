import ArgumentParser
import Foundation
import Glibc
import KeyStore
import Libcrypto
import OpenPGP
import ProtectedMail

/// `guardctl key import`.
struct KeyImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Take keys from files, armored or binary, one or a whole key ring.",
        discussion: """
            What is known is merged: nothing is lost, trust only rises. Secret keys become the gateway's own: it signs \
            and decrypts with them; locked ones need their password once. Trust says how far the addresses in the keys \
            are believed: own, admin, user, dane and wkd are enough for a pass; autocrypt, hkp and message are not.
            """)

    @OptionGroup var options: StoreOptions
    @OptionGroup var password: PasswordOptions
    @Argument(help: ArgumentHelp("Files, or - for standard input.", valueName: "file")) var files: [String]
    @Option(name: .long, help: "Trust of certificates: \(Provenance.allCases.map(\.rawValue).joined(separator: ", ")).")
    var trust = Provenance.adminImport.rawValue
    @Flag(name: .long, help: "Leave secret keys out, take their certificates only.") var publicOnly = false
    @Flag(name: .long, help: "Show progress on standard error, also if it is no terminal.") var progress = false
    @Flag(name: .long, help: "Write JSON.") var json = false

    private struct Report: Encodable {
        struct Entry: Encodable {
            let fingerprint: String
            let userIDs: [String]
            let outcome: String
            let hasSecretKey: Bool
        }
        /// Of files that are no key rings at all.
        static let mostProblems = 1000
        var keys: [Entry] = []
        var problems: [String] = []
    }

    func run() throws {
        try Failure.reported {
            guard let provenance = Provenance(rawValue: trust), provenance != .own else {
                throw KeyStoreError(
                    .unusableInput, "--trust \(trust): write one of admin, user, dane, wkd, autocrypt, hkp, message")
            }
            let store = try options.open()
            var report = Report()
            for file in files {
                var done = 0
                try KeyImport(file: file, provenance: provenance, publicOnly: publicOnly, store: store).run(
                    password: { try password.read(prompt: "Password of the secret keys in \(file)") },
                    each: { part in
                        done += part.entries.count
                        show(part, of: file, in: &report)
                        meter(file, done)
                    })
            }
            if json { try Output.json(report) } else { report.problems.forEach(Failure.say) }
            if !report.problems.isEmpty { throw ExitCode(1) }
        }
    }

    /// Lines are written as keys come in: a ring may be longer than memory.
    private func show(_ part: ImportReport, of file: String, in report: inout Report) {
        report.problems += part.problems.prefix(max(0, Report.mostProblems - report.problems.count)).map {
            "\(file): \($0)"
        }
        let entries = part.entries.map { entry in
            Report.Entry(
                fingerprint: entry.fingerprint.hex, userIDs: entry.userIDs.map(KeyReport.printable),
                outcome: entry.outcome.rawValue, hasSecretKey: entry.hasSecret)
        }
        guard !json else {
            report.keys += entries
            return
        }
        for key in entries {
            Output.write(
                "\(key.fingerprint)  \(key.outcome)\(key.hasSecretKey ? " secret" : "")  "
                    + "\(key.userIDs.joined(separator: ", "))\n")
        }
    }

    private func meter(_ file: String, _ done: Int) {
        guard progress || isatty(STDERR_FILENO) == 1 && done >= 200 else { return }
        FileHandle.standardError.write(Data("\(file): \(done) keys\n".utf8))
    }
}
