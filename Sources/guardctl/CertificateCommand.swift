import ArgumentParser
import CMS
import Foundation
import KeyStore
import Libcrypto
import MIME

/// `guardctl certificate`.
struct CertificateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "certificate",
        abstract: "Get certificates from an authority outside (S/MIME).",
        subcommands: [CertificateRequestCommand.self, CertificateImportCommand.self])
}

/// `guardctl certificate request`.
struct CertificateRequestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "request", abstract: "Make a key and a certificate request for it (PKCS#10).",
        discussion: "The key is locked with a password and waits in its file for `guardctl certificate import`.")

    @OptionGroup var password: PasswordOptions
    @Argument(help: ArgumentHelp("Mail addresses of one user.", valueName: "address")) var addresses: [String]
    @Option(name: .long, help: ArgumentHelp("The user's name, instead of the first address.", valueName: "name"))
    var name: String?
    @Option(name: .long, help: ArgumentHelp("The key to make: rsa2048, rsa3072, p256 or p384.", valueName: "kind"))
    var key: GeneratedKeyKind = .rsa3072
    @Option(name: .customLong("key-file"), help: ArgumentHelp("Where to write the key.", valueName: "file"))
    var keyFile: String
    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("Where to write the request, instead of standard output.", valueName: "file"))
    var output: String?

    func run() throws {
        try Failure.reported {
            guard !FileManager.default.fileExists(atPath: keyFile) else {
                throw KeyStoreError(.exists, "\(keyFile) is there already")
            }
            let addresses = try CommandName.addresses(addresses)
            let name = try CommandName.parse(name ?? addresses.first?.canonical ?? "", nil)
            let secret = try password.read(prompt: "Password for \(keyFile)", confirmed: true)
            let made = try CMSPrivateKey.generate(key)
            let request = try CertificateRequest(key: made, name: name, addresses: addresses)
            try AuthorityFiles.write(made.lockedPEM(password: secret), to: keyFile, isSecret: true)
            if let output {
                try AuthorityFiles.write(request.pem, to: output, isSecret: false)
            } else {
                Output.write(String(decoding: request.pem, as: UTF8.self))
            }
        }
    }
}

/// `guardctl certificate import`.
struct CertificateImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Join the certificate an authority sent with its key.",
        discussion: """
            Reads PEM, DER or PKCS#7 files, finds the certificate of the key, judges it and writes both with their chain as \
            PKCS#12 under the password of the key. A certificate that would not be accepted is refused; without --ca that is \
            judged by the authorities the system trusts.
            """)

    @OptionGroup var password: PasswordOptions
    @Argument(help: ArgumentHelp("Certificates: the user's and those between it and the authority.", valueName: "file"))
    var files: [String]
    @Option(name: .customLong("key-file"), help: ArgumentHelp("The key of the request.", valueName: "file"))
    var keyFile: String
    @Option(name: .long, help: ArgumentHelp("A file or directory of trusted authorities.", valueName: "path"))
    var ca = TrustStore.systemBundle
    @Option(name: .shortAndLong, help: ArgumentHelp("Where to write.", valueName: "file")) var output: String

    func run() throws {
        try Failure.reported {
            let certificates = try files.flatMap { try X509Certificate.parseAll(InputFile.read($0)) }
            let store = try TrustStore(path: ca)
            let secret = try password.read(prompt: "Password for \(keyFile)")
            let key = try CMSPrivateKey(locked: InputFile.read(keyFile), password: secret)
            guard let own = certificates.first(where: { key.matches($0) }) else {
                throw CMSError(.keyMismatch, "none of the certificates is one for the key in \(keyFile)")
            }
            let result = ChainValidator.validate(
                own, intermediates: certificates, store: store, now: try CommandTime.parse(nil).seconds,
                purpose: .signing, policy: ChainPolicy(revocation: .off))
            if let failure = result.failures.first {
                throw CMSError(.refusedByPolicy, "the certificate would not be accepted: \(failure.message)")
            }
            let file = try PKCS12.make(
                key: key, certificate: own, chain: Array(result.chain.dropFirst()),
                name: own.emailAddresses.first?.address?.canonical, password: secret)
            try AuthorityFiles.write(file, to: output, isSecret: true)
            Output.write(CertificateReport.line(own) + "\n")
        }
    }
}

/// How certificates are printed.
enum CertificateReport {
    /// Serial number, end and addresses.
    static func line(_ certificate: X509Certificate) -> String {
        let addresses = certificate.emailAddresses.compactMap { $0.address?.canonical }
        let name = addresses.isEmpty ? KeyReport.printable(certificate.subject.text) : addresses.joined(separator: ", ")
        return "\(certificate.serial)  until \(date(certificate.notAfter))  \(name)"
    }

    static func date(_ seconds: Int64) -> String { KeyReport.date(seconds) }
}

/// Names on the command line that go into certificates.
enum CommandName {
    static func parse(_ name: String, _ organization: String?) throws -> CertificateName {
        guard let parsed = CertificateName(commonName: name, organization: organization) else {
            throw InputError("'\(KeyReport.printable(name))': write a name of 1 to 64 characters")
        }
        return parsed
    }

    static func addresses(_ texts: [String]) throws -> [EmailAddress] {
        guard !texts.isEmpty else { throw InputError("name at least one address") }
        return try texts.map { text in
            guard let address = EmailAddress(text), address.isDomainMapped else {
                throw InputError("'\(KeyReport.printable(text))': write user@domain")
            }
            return address
        }
    }
}
