import Libcrypto
import OpenPGP

extension Subcommand {
    static let generateKey = Subcommand(
        "generate-key",
        usage: "[--no-armor] [--with-key-password=PASSWORD] [--profile=PROFILE] [--signing-only] [--] [USERID...]",
        flags: ["--no-armor", "--signing-only"], options: ["--with-key-password", "--profile"]
    ) { arguments in
        let profile = try Profiles.key(try arguments.one("--profile"))
        let password = try arguments.one("--with-key-password").map(Passwords.new)
        var key = try SecretCertificate.generate(
            profile: profile, userIDs: arguments.positional, at: .now(), canEncrypt: !arguments.has("--signing-only"))
        if let password { key = try key.locked(password: password) }
        try KeyFiles.write([key], armor: arguments.armor)
    }

    static let changeKeyPassword = Subcommand(
        "change-key-password",
        usage: "[--no-armor] [--new-key-password=PASSWORD] [--old-key-password=PASSWORD...] <KEYS",
        flags: ["--no-armor"], options: ["--new-key-password", "--old-key-password"]
    ) { arguments in
        try arguments.expectNoPositional()
        let old = try Passwords.known(arguments.all("--old-key-password"))
        let new = try arguments.one("--new-key-password").map(Passwords.new)
        let keys = try KeyFiles.keysOnStandardInput().map { key in
            do {
                return try key.changingPassword(from: old, to: new)
            } catch let error as OpenPGPError where error.code == .wrongPassword {
                throw Failure(.keyIsProtected, "no password opens key \(key.fingerprint.hex)")
            }
        }
        try KeyFiles.write(keys, armor: arguments.armor)
    }

    static let extractCertificate = Subcommand(
        "extract-cert", usage: "[--no-armor] <KEYS", flags: ["--no-armor"]
    ) { arguments in
        try arguments.expectNoPositional()
        let certificates = try KeyFiles.keysOnStandardInput().map(\.certificate)
        try KeyFiles.write(certificates, armor: arguments.armor)
    }

    static let revokeKey = Subcommand(
        "revoke-key", usage: "[--no-armor] [--with-key-password=PASSWORD...] <KEYS", flags: ["--no-armor"],
        options: ["--with-key-password"]
    ) { arguments in
        try arguments.expectNoPositional()
        let passwords = try Passwords.known(arguments.all("--with-key-password"))
        let now = Timestamp.now()
        let certificates = try KeyFiles.keysOnStandardInput().map { key in
            try revocation(of: try KeyFiles.opened(key, passwords), at: now)
        }
        try KeyFiles.write(certificates, armor: arguments.armor)
    }

    /// The primary key and its revocation, nothing else: enough for whoever merges it, and no news for anybody.
    private static func revocation(of key: SecretCertificate, at now: Timestamp) throws -> Certificate {
        let revoked: Certificate
        do {
            revoked = try key.revoked(Revocation(), at: now).certificate
        } catch let error as OpenPGPError where error.code == .secretUnavailable {
            throw Failure(.primaryKeyBad, error.message)
        }
        var packets: [UInt8] = []
        PacketWriter.write(.publicKey, body: revoked.primaryKey.serializedBody, into: &packets)
        for signature in revoked.directSignatures.signatures where signature.type == .keyRevocation {
            PacketWriter.write(.signature, body: signature.serializedBody, into: &packets)
        }
        return try Certificate(parsing: packets)
    }

    static let updateKey = Subcommand(
        "update-key",
        usage: "[--no-armor] [--signing-only] [--no-added-capabilities] [--revoke-deprecated-keys] "
            + "[--with-key-password=PASSWORD...] [--merge-certs=CERTS...] <KEYS",
        flags: ["--no-armor", "--signing-only", "--no-added-capabilities", "--revoke-deprecated-keys"],
        options: ["--with-key-password", "--merge-certs"],
        aliases: ["--no-new-mechanisms": "--no-added-capabilities"]
    ) { arguments in
        try arguments.expectNoPositional()
        let passwords = try Passwords.known(arguments.all("--with-key-password"))
        let others = try arguments.all("--merge-certs").flatMap(KeyFiles.certificates)
        var options = KeyUpdateOptions()
        options.addsEncryption = !arguments.has("--signing-only")
        options.addsCapabilities = !arguments.has("--no-added-capabilities")
        options.revokesRefusedSubkeys = arguments.has("--revoke-deprecated-keys")
        let now = Timestamp.now()
        let keys = try KeyFiles.keysOnStandardInput().map { key in
            var key = key
            for other in others where other.fingerprint == key.fingerprint { key = try key.merged(with: other) }
            return try updated(key, options, passwords, at: now)
        }
        try KeyFiles.write(keys, armor: arguments.armor)
    }

    /// The key brought up to date, locked as it was before.
    private static func updated(
        _ key: SecretCertificate, _ options: KeyUpdateOptions, _ passwords: [SecretBytes], at now: Timestamp
    ) throws -> SecretCertificate {
        func update(_ open: SecretCertificate) throws -> SecretCertificate {
            do {
                return try open.updated(options: options, at: now)
            } catch let error as OpenPGPError where error.code == .noUsableKey || error.code == .secretUnavailable {
                throw Failure(.primaryKeyBad, error.message)
            }
        }
        guard key.isLocked else { return try update(key) }
        for password in passwords {
            guard let open = try? key.unlocked(password: password), !open.isLocked else { continue }
            return try update(open).locked(password: password)
        }
        throw Failure(.keyIsProtected, "no password opens key \(key.fingerprint.hex)")
    }
}
