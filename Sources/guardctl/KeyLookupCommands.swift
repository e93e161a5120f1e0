import ArgumentParser
import Foundation
import KeyStore
import OpenPGP

extension KeyStore {
    /// The one certificate that `name` means. Throws `notFound` or `ambiguous`.
    func sole(_ name: String) throws -> CertificateRecord {
        let found = try find(name)
        guard found.count <= 1 else {
            throw KeyStoreError(
                .ambiguous,
                "'\(name)' means \(found.count) keys; give the fingerprint: " + found.map(\.hex).joined(separator: ", ")
            )
        }
        guard let first = found.first, let record = try record(of: first) else {
            throw KeyStoreError(.notFound, "'\(name)': no such key; see guardctl key list")
        }
        return record
    }
}

/// `guardctl key list`.
struct KeyListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List keys: fingerprint, status, trust, user IDs.")

    @OptionGroup var options: StoreOptions
    @Argument(help: ArgumentHelp("Only keys that this names.", valueName: "key")) var names: [String] = []
    @Flag(name: .long, help: "Only keys whose secret part is here.") var secret = false
    @Flag(name: .long, help: "Write JSON: an array of keys.") var json = false

    func run() throws {
        try Failure.reported {
            let store = try options.open()
            let now = try CommandTime.parse(nil)
            var reports: [KeyReport] = []
            func take(_ record: CertificateRecord) {
                guard !secret || record.hasSecret else { return }
                let report = KeyReport(record, at: now)
                if json { reports.append(report) } else { Output.write(report.line) }
            }
            if names.isEmpty {
                try store.forEachCertificate(take)
            } else {
                for name in names {
                    for fingerprint in try store.find(name) { try store.record(of: fingerprint).map(take) }
                }
            }
            if json { try Output.json(reports) }
        }
    }
}

/// `guardctl key show`.
struct KeyShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Show all of one key.")

    @OptionGroup var options: StoreOptions
    @Argument(help: ArgumentHelp("Fingerprint, key ID or address.", valueName: "key")) var name: String
    @Flag(name: .long, help: "Write JSON.") var json = false

    func run() throws {
        try Failure.reported {
            let report = KeyReport(try options.open().sole(name), at: try CommandTime.parse(nil))
            if json { try Output.json(report) } else { Output.write(report.text) }
        }
    }
}

/// `guardctl key export`.
struct KeyExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write a certificate, armored.",
        discussion: "With --secret the secret key, locked under a password that is asked for.")

    @OptionGroup var options: StoreOptions
    @OptionGroup var password: PasswordOptions
    @Argument(help: ArgumentHelp("Fingerprint, key ID or address.", valueName: "key")) var name: String
    @Flag(name: .long, help: "Export the secret key, under a password.") var secret = false

    func run() throws {
        try Failure.reported {
            let store = try options.open()
            let record = try store.sole(name)
            guard secret else {
                FileHandle.standardOutput.write(Data(record.certificate.armored()))
                return
            }
            let password = try password.read(prompt: "Password for the exported key", confirmed: true)
            let armored = try store.exportSecret(record.certificate.fingerprint, password: password)
            armored.withBytes { bytes in
                bytes.withUnsafeBytes { FileHandle.standardOutput.write(Data($0)) }
            }
        }
    }
}

/// `guardctl key delete`.
struct KeyDeleteCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete a key.",
        discussion:
            "A key whose secret part is here is only deleted with --secret: mail to it cannot be read afterwards.")

    @OptionGroup var options: StoreOptions
    @Argument(help: ArgumentHelp("Fingerprint, key ID or address.", valueName: "key")) var name: String
    @Flag(name: .long, help: "Delete the secret key too.") var secret = false

    func run() throws {
        try Failure.reported {
            let store = try options.open()
            let fingerprint = try store.sole(name).certificate.fingerprint
            try store.delete(fingerprint, includingSecret: secret)
            Output.write("\(fingerprint.hex)  deleted\n")
        }
    }
}
