import Libcrypto
import OpenPGP

extension Subcommand {
    static let encrypt = Subcommand(
        "encrypt",
        usage: "[--as={binary|text}] [--no-armor] [--with-password=PASSWORD...] [--sign-with=KEYS...] "
            + "[--with-key-password=PASSWORD...] [--profile=PROFILE] [--session-key-out=SESSIONKEY] "
            + "[--for={any|communications|storage}] [--] [CERTS...] <DATA",
        flags: ["--no-armor"],
        options: [
            "--as", "--with-password", "--sign-with", "--with-key-password", "--profile", "--session-key-out", "--for",
        ]
    ) { arguments in
        let form = try arguments.form(among: [.binary, .text])
        let purpose = try purpose(try arguments.one("--for"))
        let now = Timestamp.now()
        var options = EncryptionOptions()
        options.armor = arguments.armor
        options.signatureMode = form == .text ? .text : .binary
        options.container = try Profiles.container(
            try arguments.one("--profile"), hasCertificates: !arguments.positional.isEmpty)
        guard !arguments.positional.isEmpty || !arguments.all("--with-password").isEmpty else {
            throw Failure(.missingArgument, "neither a certificate nor a password to encrypt to")
        }
        options.passwords = try arguments.all("--with-password").map(Passwords.new)
        let recipients = try arguments.positional.flatMap(KeyFiles.certificates)
            .map { try recipient($0, purpose, at: now) }
        let signers = try KeyFiles.signers(
            arguments.all("--sign-with"), passwords: try Passwords.known(arguments.all("--with-key-password")), at: now)
        let sessionKeyFile = try arguments.one("--session-key-out").map { try OutputFile($0, isSecret: true) }

        let encryptor = try MessageEncryptor(recipients: recipients, signers: signers, options: options, time: now)
        try sessionKeyFile?.write(encryptor.sessionKey.text)
        let output = StandardOutput()
        var check = TextCheck()
        try FileReader.standardInput().forEachPiece { piece in
            if form == .text { try check.push(piece) }
            try output.append { try encryptor.push(piece, into: &$0) }
        }
        try check.finish()
        try output.append { try encryptor.finish(into: &$0) }
        try output.finish()
        sessionKeyFile?.keep()
    }

    private static func purpose(_ word: String?) throws -> KeyFlags {
        switch word {
        case nil, "any": return .encrypt
        case "communications": return .encryptCommunications
        case "storage": return .encryptStorage
        case let word?: throw Failure(.unsupportedOption, "--for=\(word) is not known")
        }
    }

    private static func recipient(
        _ certificate: Certificate, _ purpose: KeyFlags, at now: Timestamp
    ) throws -> EncryptionRecipient {
        let statuses = certificate.keyStatuses(at: now)
        let usable = certificate.encryptionKeys(at: now).first { key in
            statuses.contains { $0.key == key && !$0.flags.isDisjoint(with: purpose) }
        }
        if let usable { return EncryptionRecipient(key: usable, preferences: certificate.preferences(at: now)) }
        // A key that is in order but for an algorithm nobody here computes is another matter than one that is not.
        let isForeign = statuses.contains { status in
            guard status.validity.isValid, !status.flags.isDisjoint(with: purpose) else { return false }
            do {
                _ = try status.key.handle()
                return false
            } catch { return (error as? OpenPGPError)?.code == .unsupportedAlgorithm }
        }
        throw Failure(
            isForeign ? .unsupportedAsymmetricAlgorithm : .certificateCannotEncrypt,
            "certificate \(certificate.fingerprint.hex) has no key to encrypt to")
    }
}
