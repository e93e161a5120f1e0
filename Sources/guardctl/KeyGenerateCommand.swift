import ArgumentParser
import Foundation
import KeyStore
import MIME
import OpenPGP

/// `guardctl key generate`.
struct KeyGenerateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate",
        abstract: "Generate a key for addresses of this site.",
        discussion: "An Ed25519 key to sign and a Curve25519 subkey to encrypt, which every current program reads.")

    @OptionGroup var options: StoreOptions
    @Argument(help: ArgumentHelp("Mail addresses, or user IDs like \"Name <address>\".", valueName: "address"))
    var userIDs: [String]
    @Option(name: .long, help: ArgumentHelp("Days until the key expires; 0 for never.", valueName: "days"))
    var expires = 1095
    @Flag(name: .long, help: "Write JSON.") var json = false

    func run() throws {
        try Failure.reported {
            let texts = try userIDs.map { text -> String in
                let userID = text.contains("<") ? text : "<\(text)>"
                guard let address = UserID(bytes: Array(userID.utf8)).emailAddress, EmailAddress(address) != nil else {
                    throw KeyStoreError(
                        .unusableInput, "'\(text)': write user@domain, or a user ID like \"Name <user@domain>\"")
                }
                // A bare address stands without brackets, as other programs write it.
                return text.contains("<") ? text : address
            }
            guard !texts.isEmpty else { throw KeyStoreError(.unusableInput, "name at least one address") }
            guard (0...36_500).contains(expires) else {
                throw KeyStoreError(.unusableInput, "--expires \(expires): write a number of days from 0 to 36500")
            }
            let store = try options.open()
            let now = try CommandTime.parse(nil)
            let key = try SecretCertificate.generate(
                userIDs: texts, at: now, expiration: expires == 0 ? nil : UInt32(expires) * 86_400)
            let entry = try store.importSecretKey(key)
            let report = KeyReport(try store.sole(entry.fingerprint.hex), at: now)
            if json { try Output.json(report) } else { Output.write(report.line) }
        }
    }
}
