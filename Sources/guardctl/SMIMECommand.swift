import ArgumentParser
import CMS
import Foundation
import KeyStore
import Libcrypto
import MIME
import ProtectedMail

/// `guardctl smime`.
struct SMIMECommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "smime",
        abstract: "Manage the S/MIME certificates and keys of the store.",
        subcommands: [
            SMIMEImportCommand.self, SMIMEListCommand.self, SMIMEExportCommand.self, SMIMEDeleteCommand.self,
        ])
}

/// `guardctl smime import`.
struct SMIMEImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Take certificates, and private keys with them, into the store.",
        discussion: """
            Reads PKCS#12, PKCS#7, PEM and DER. A private key, with the certificate for it in the same file, becomes the \
            gateway's own: it signs and decrypts with it. Certificates of others are encrypted to where a trusted \
            authority vouches for them, or where --trust says that somebody made sure of them: admin, user, dane, wkd. \
            Certificates of authorities on the way to a trusted one belong here too; what is trusted is a matter of \
            [smime] trust in the configuration.
            """)

    @OptionGroup var options: StoreOptions
    @OptionGroup var password: PasswordOptions
    @Argument(help: ArgumentHelp("Files, or - for standard input.", valueName: "file")) var files: [String]
    @Option(name: .long, help: "Trust of certificates: \(Provenance.allCases.map(\.rawValue).joined(separator: ", ")).")
    var trust = Provenance.message.rawValue

    func run() throws {
        try Failure.reported {
            guard let provenance = Provenance(rawValue: trust), provenance != .own else {
                throw KeyStoreError(
                    .unusableInput, "--trust \(trust): write one of admin, user, dane, wkd, autocrypt, hkp, message")
            }
            let store = try options.open()
            for file in files {
                var bytes = try InputFile.read(file)
                defer { for index in bytes.indices { bytes[index] = 0 } }
                for entry in try take(bytes, file, provenance, store) {
                    Output.write(
                        "\(try entry.certificate.fingerprintHex)  \(entry.outcome.rawValue)"
                            + "\(entry.hasPrivateKey ? " private" : "")  \(CertificateReport.line(entry.certificate))\n"
                    )
                }
            }
        }
    }

    private func take(
        _ bytes: [UInt8], _ file: String, _ provenance: Provenance, _ store: KeyStore
    ) throws -> [KeyStore.SMIMEEntry] {
        let contents = try CertificateFile(bytes, name: file, password: password)
        let (keys, certificates) = (contents.keys, contents.certificates)
        guard !keys.isEmpty || !certificates.isEmpty else {
            throw KeyStoreError(.unusableInput, "\(file): neither a certificate nor a private key")
        }
        var entries: [KeyStore.SMIMEEntry] = []
        var own: Set<X509Certificate> = []
        for key in keys {
            guard let certificate = certificates.first(where: { key.matches($0) }) else {
                throw KeyStoreError(.unusableInput, "\(file): there is no certificate for its private key")
            }
            own.insert(certificate)
            entries.append(try store.importSMIMEKey(key, certificate: certificate))
        }
        return entries + (try store.importSMIME(certificates.filter { !own.contains($0) }, provenance: provenance))
    }
}

/// `guardctl smime list`.
struct SMIMEListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List certificates: fingerprint, trust, serial number, end and addresses.")

    @OptionGroup var options: StoreOptions
    @Argument(help: ArgumentHelp("Only those for this address.", valueName: "address")) var address: String?
    @Flag(name: .long, help: "Write JSON.") var json = false

    private struct Entry: Encodable {
        let fingerprint: String
        let trust: String
        let hasPrivateKey: Bool
        let serial: String
        let issuer: String
        let subject: String
        let addresses: [String]
        let notBefore: Int64
        let notAfter: Int64
    }

    func run() throws {
        try Failure.reported {
            let store = try options.open()
            var found: [KnownX509] = []
            if let address {
                guard let wanted = EmailAddress(address) else { throw InputError("\(address): not an address") }
                found = try store.smimeCertificates(for: wanted)
            } else {
                try store.forEachSMIMECertificate { found.append($0) }
            }
            if json {
                try Output.json(
                    found.map { known in
                        let certificate = known.certificate
                        return Entry(
                            fingerprint: try certificate.fingerprintHex, trust: known.provenance.rawValue,
                            hasPrivateKey: known.hasPrivateKey, serial: certificate.serial,
                            issuer: certificate.issuer.text, subject: certificate.subject.text,
                            addresses: certificate.emailAddresses.compactMap { $0.address?.canonical },
                            notBefore: certificate.notBefore, notAfter: certificate.notAfter)
                    })
            } else {
                for known in found {
                    Output.write(
                        "\(try known.certificate.fingerprintHex)  \(known.provenance.rawValue)"
                            + "\(known.hasPrivateKey ? " private" : "")  \(CertificateReport.line(known.certificate))\n"
                    )
                }
            }
        }
    }
}

/// `guardctl smime export`.
struct SMIMEExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write a certificate as PEM, or with --private its key too, as PKCS#12 under a password.")

    @OptionGroup var options: StoreOptions
    @OptionGroup var password: PasswordOptions
    @Argument(help: ArgumentHelp("SHA-256 fingerprint.", valueName: "fingerprint")) var fingerprint: String
    @Flag(name: .customLong("private"), help: "With the private key.") var withKey = false

    func run() throws {
        try Failure.reported {
            guard let known = try options.open().smimeCertificate(fingerprint.uppercased()) else {
                throw KeyStoreError(.notFound, "certificate \(fingerprint): not in the store")
            }
            guard withKey else { return FileHandle.standardOutput.write(Data(known.certificate.pem)) }
            guard let key = known.privateKey else {
                throw KeyStoreError(.notFound, "certificate \(fingerprint): its private key is not in the store")
            }
            let secret = try password.read(prompt: "New password for the file", confirmed: true)
            let file = try PKCS12.make(
                key: key, certificate: known.certificate,
                name: known.certificate.emailAddresses.first?.address?.canonical, password: secret)
            FileHandle.standardOutput.write(Data(file))
        }
    }
}

/// `guardctl smime delete`.
struct SMIMEDeleteCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Delete a certificate, with --private its private key too.")

    @OptionGroup var options: StoreOptions
    @Argument(help: ArgumentHelp("SHA-256 fingerprint.", valueName: "fingerprint")) var fingerprint: String
    @Flag(name: .customLong("private"), help: "Also if its private key is here.") var withKey = false

    func run() throws {
        try Failure.reported {
            try options.open().deleteSMIME(fingerprint.uppercased(), includingSecret: withKey)
        }
    }
}
