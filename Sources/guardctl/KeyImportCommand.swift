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
                var bytes = try InputFile.read(file)
                defer { for index in bytes.indices { bytes[index] = 0 } }
                let part = try take(bytes, file, provenance, store)
                report.problems += part.problems.map { "\(file): \($0)" }
                report.keys += part.entries.map { entry in
                    .init(
                        fingerprint: entry.fingerprint.hex, userIDs: entry.userIDs.map(KeyReport.printable),
                        outcome: entry.outcome.rawValue, hasSecretKey: entry.hasSecret)
                }
            }
            if json {
                try Output.json(report)
            } else {
                for key in report.keys {
                    Output.write(
                        "\(key.fingerprint)  \(key.outcome)\(key.hasSecretKey ? " secret" : "")  "
                            + "\(key.userIDs.joined(separator: ", "))\n")
                }
                report.problems.forEach(Failure.say)
            }
            if !report.problems.isEmpty { throw ExitCode(1) }
        }
    }

    private func take(_ bytes: [UInt8], _ file: String, _ provenance: Provenance, _ store: KeyStore) throws
        -> ImportReport
    {
        let secrets = publicOnly ? [] : (try? SecretCertificate.parseAll(bytes).keys) ?? []
        var report = ImportReport()
        if !secrets.isEmpty {
            let isLocked = secrets.contains(where: \.isLocked)
            let password = isLocked ? try password.read(prompt: "Password of the secret keys in \(file)") : nil
            report = try store.importSecretKeys(bytes, password: password, progress: meter(file))
        }
        // A file may hold certificates beside secret keys.
        let known = Set(secrets.map(\.fingerprint))
        let others =
            (try? Certificate.parseAll(bytes).certificates.contains { !known.contains($0.fingerprint) }) ?? true
        guard secrets.isEmpty || others else { return report }
        let certificates = try store.importCertificates(bytes, provenance: provenance, progress: meter(file))
        report.entries += certificates.entries.filter { !known.contains($0.fingerprint) }
        report.problems += certificates.problems
        return report
    }

    private func meter(_ file: String) -> ((Int) -> Void)? {
        guard progress || isatty(STDERR_FILENO) == 1 else { return nil }
        return { done in
            guard done >= 200 || progress else { return }
            FileHandle.standardError.write(Data("\(file): \(done) keys\n".utf8))
        }
    }
}
