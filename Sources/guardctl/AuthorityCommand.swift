import ArgumentParser
import CMS
import Foundation
import KeyStore
import MIME

/// `guardctl ca`.
struct AuthorityCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ca",
        abstract: "Run a small certificate authority for the users of this site (S/MIME).",
        discussion: """
            The authority lives in a directory of its own: ca.pem, its certificate; ca.key, its private key, locked with a \
            password that guardd does not know; issued.json, what was issued and revoked; certificates/; crl.pem.
            """,
        subcommands: [
            AuthorityInitCommand.self, AuthorityIssueCommand.self, AuthorityListCommand.self,
            AuthorityRevokeCommand.self, AuthorityListRevokedCommand.self,
        ])
}

/// `guardctl ca init`.
struct AuthorityInitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Make the authority.",
        discussion:
            "Give ca.pem to everybody who is to trust it, in guardd's trust store too, and keep a backup of the directory."
    )

    @OptionGroup var directory: AuthorityOptions
    @OptionGroup var password: PasswordOptions
    @Argument(help: ArgumentHelp("What the authority is called.", valueName: "name")) var name: String
    @Option(name: .long, help: ArgumentHelp("The organization it belongs to.", valueName: "name"))
    var organization: String?
    @Option(
        name: .long, help: ArgumentHelp("Let it issue for this domain only; may be repeated.", valueName: "domain"))
    var domain: [String] = []
    @Option(name: .long, help: ArgumentHelp("Its key: rsa2048, rsa3072, p256 or p384.", valueName: "kind"))
    var key: GeneratedKeyKind = .p384
    @Option(name: .long, help: ArgumentHelp("How long it lives.", valueName: "days")) var days = 3650

    func run() throws {
        try Failure.reported {
            let files = try directory.files()
            try files.refuseIfThere()
            let name = try CommandName.parse(name, organization)
            let secret = try password.read(prompt: "Password for the key of the authority", confirmed: true)
            let key = try CMSPrivateKey.generate(key)
            let authority = try CertificateAuthority.create(
                name: name, key: key, domains: domain.map { DomainName($0) }, at: CommandTime.parse(nil).seconds,
                days: days)
            try files.make(certificate: authority.certificate, lockedKey: key.lockedPEM(password: secret))
            Output.write("\(CertificateReport.line(authority.certificate))\n\(files.certificate)\n")
        }
    }
}

/// `guardctl ca issue`.
struct AuthorityIssueCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "issue", abstract: "Issue a certificate for a user.",
        discussion: """
            With --request the certificate is made for the key in the request and written in PEM. Otherwise a key is made \
            too, and both are written as PKCS#12 under the password of --export-password-file. What a request says about names is \
            not taken over: the addresses are those of the command line.
            """)

    @OptionGroup var directory: AuthorityOptions
    @OptionGroup var password: PasswordOptions
    @Argument(help: ArgumentHelp("Mail addresses of one user.", valueName: "address")) var addresses: [String]
    @Option(name: .long, help: ArgumentHelp("The user's name, instead of the first address.", valueName: "name"))
    var name: String?
    @Option(name: .long, help: ArgumentHelp("A certificate request (PKCS#10).", valueName: "file"))
    var request: String?
    @Option(name: .long, help: ArgumentHelp("The key to make: rsa2048, rsa3072, p256 or p384.", valueName: "kind"))
    var key: GeneratedKeyKind = .p256
    @Option(name: .long, help: ArgumentHelp("How long it is valid.", valueName: "days")) var days = 730
    @Option(
        name: .customLong("export-password-file"),
        help: ArgumentHelp("The password of the PKCS#12 file, as for --password-file.", valueName: "file|@fd"))
    var exportPasswordFile: String?
    @Option(name: .shortAndLong, help: ArgumentHelp("Where to write.", valueName: "file")) var output: String

    func run() throws {
        try Failure.reported {
            let files = try directory.files()
            let addresses = try CommandName.addresses(addresses)
            let name = try CommandName.parse(name ?? addresses.first?.canonical ?? "", nil)
            let now = try CommandTime.parse(nil).seconds
            let request = try request.map { try CertificateRequest(InputFile.read($0)) }
            let authority = try files.open(password: password)
            let certificate: X509Certificate
            let bytes: [UInt8]
            if let request {
                certificate = try authority.issue(
                    request: request, name: name, addresses: addresses, at: now, days: days)
                bytes = certificate.pem
            } else {
                let secret = try PasswordOptions.read(
                    from: exportPasswordFile, option: "--export-password-file", prompt: "Password for \(output)",
                    confirmed: true)
                let made = try CMSPrivateKey.generate(key)
                certificate = try authority.issue(key: made, name: name, addresses: addresses, at: now, days: days)
                bytes = try PKCS12.make(
                    key: made, certificate: certificate, chain: [authority.certificate], name: name.commonName,
                    password: secret)
            }
            // Remembered first: one that is not known could not be revoked.
            try files.remember(certificate)
            try AuthorityFiles.write(bytes, to: output, isSecret: request == nil)
            Output.write(CertificateReport.line(certificate) + "\n")
        }
    }
}

/// `guardctl ca list`.
struct AuthorityListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the certificates that were issued.",
        discussion: "JSON: [{\"serial\", \"addresses\", \"notAfter\", \"revoked\", \"reason\"}], times in Unix seconds."
    )

    @OptionGroup var directory: AuthorityOptions
    @Flag(name: .long, help: "Write JSON.") var json = false

    func run() throws {
        try Failure.reported {
            let issued = try directory.files().issued()
            if json { return try Output.json(issued) }
            for entry in issued { Output.write(entry.line + "\n") }
        }
    }
}

/// `guardctl ca revoke`.
struct AuthorityRevokeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "Revoke certificates.",
        discussion: "It counts for others from the next revocation list on: run `guardctl ca crl` and publish it.")

    @OptionGroup var directory: AuthorityOptions
    @Argument(
        help: ArgumentHelp(
            "A serial number, or an address: all of its certificates.", valueName: "serial|address")) var which: String
    @Option(
        name: .long,
        help: ArgumentHelp(
            "unspecified, keyCompromise, affiliationChanged, superseded, cessationOfOperation or privilegeWithdrawn.",
            valueName: "reason")) var reason = "unspecified"

    func run() throws {
        try Failure.reported {
            guard let code = RevocationReason.allCases.first(where: { "\($0)" == reason && $0 != .removeFromList })
            else {
                throw InputError("--reason \(reason): not one of the reasons; see --help")
            }
            let revoked = try directory.files().revoke(which, reason: code, at: CommandTime.parse(nil).seconds)
            guard !revoked.isEmpty else {
                throw KeyStoreError(.notFound, "\(which): no valid certificate of this authority")
            }
            for entry in revoked { Output.write(entry.line + "\n") }
        }
    }
}

/// `guardctl ca crl`.
struct AuthorityListRevokedCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "crl", abstract: "Make the revocation list.",
        discussion: "Run it regularly, well before --days are over, and put the list where it is looked for.")

    @OptionGroup var directory: AuthorityOptions
    @OptionGroup var password: PasswordOptions
    @Option(name: .long, help: ArgumentHelp("When the next list will be there at the latest.", valueName: "days"))
    var days = 30
    @Option(name: .shortAndLong, help: ArgumentHelp("Where to write, instead of crl.pem.", valueName: "file"))
    var output: String?

    func run() throws {
        try Failure.reported {
            let files = try directory.files()
            let authority = try files.open(password: password)
            let now = try CommandTime.parse(nil).seconds
            let list = try authority.revocationList(
                files.revocations(of: authority), number: files.nextListNumber(), at: now, days: days)
            let target = output ?? files.list
            try AuthorityFiles.write(list.pem, to: target, isSecret: false)
            Output.write("\(target)\n")
        }
    }
}

extension GeneratedKeyKind: ExpressibleByArgument {}
