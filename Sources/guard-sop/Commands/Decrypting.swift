import Libcrypto
import OpenPGP

extension Subcommand {
    static let decrypt = Subcommand(
        "decrypt",
        usage: "[--session-key-out=SESSIONKEY] [--with-session-key=SESSIONKEY...] [--with-password=PASSWORD...] "
            + "[--with-key-password=PASSWORD...] [--verifications-out=VERIFICATIONS --verify-with=CERTS... "
            + "[--verify-not-before=DATE] [--verify-not-after=DATE]] [--] [KEYS...] <CIPHERTEXT",
        options: [
            "--session-key-out", "--with-session-key", "--with-password", "--with-key-password", "--verifications-out",
            "--verify-with", "--verify-not-before", "--verify-not-after",
        ],
        aliases: ["--verify-out": "--verifications-out"]
    ) { arguments in
        let now = Timestamp.now()
        let signers = try signers(arguments, now)
        guard
            !arguments.positional.isEmpty || !arguments.all("--with-password").isEmpty
                || !arguments.all("--with-session-key").isEmpty
        else { throw Failure(.missingArgument, "no key, password or session key to decrypt with") }
        var options = MessageDecryptor.Options()
        options.maximumSize = .max
        options.requiresEncryption = true
        // The examples of RFC 9580 ask for as much; whoever calls this waits for one message, not for many.
        options.passwordLimits.maximumMemoryKiB = 2 << 20
        options.sessionKeys = try arguments.all("--with-session-key").map(SessionKey.init(fileCalled:))
        let keys = KeyRing(
            try arguments.positional.flatMap(KeyFiles.keys),
            try Passwords.known(arguments.all("--with-key-password")))
        let passwords = try Passwords.known(arguments.all("--with-password"))
        let report = try arguments.one("--verifications-out").map { try OutputFile($0) }
        let sessionKeyFile = try arguments.one("--session-key-out").map { try OutputFile($0, isSecret: true) }

        let output = StandardOutput()
        let decryptor = MessageDecryptor(
            keys: keys.keys, passwords: passwords, options: options, time: now,
            certificates: { signers?.issuers($0) ?? [] }, sink: { try output.append($0) })
        do {
            try FileReader.standardInput().forEachPiece { try decryptor.push($0) }
            let message = try decryptor.finish()
            if let key = message.sessionKey { try sessionKeyFile?.write(key.text) }
            for line in signers?.lines(for: message.signatures) ?? [] { try report?.write(line) }
        } catch let error as OpenPGPError {
            throw keys.failure(for: error)
        }
        try output.finish()
        report?.keep()
        sessionKeyFile?.keep()
    }

    /// Signers are named and the report is asked for together or not at all.
    private static func signers(_ arguments: Arguments, _ now: Timestamp) throws -> SignerSet? {
        let certificates = arguments.all("--verify-with")
        let earliest = try arguments.one("--verify-not-before")
        let latest = try arguments.one("--verify-not-after")
        guard try arguments.one("--verifications-out") != nil else {
            guard certificates.isEmpty, earliest == nil, latest == nil else {
                throw Failure(.incompleteVerification, "--verifications-out is missing")
            }
            return nil
        }
        guard !certificates.isEmpty else { throw Failure(.incompleteVerification, "--verify-with is missing") }
        return try SignerSet(certificates, window: try DateWindow(from: earliest, to: latest, now: now), now: now)
    }
}

/// The secret keys at hand, opened when a message asks for them: to try a password takes long.
private final class KeyRing {
    private let keys: [SecretCertificate]
    private let passwords: [SecretBytes]
    /// Whether a key that the message names stayed locked.
    private var isLockedOut = false

    init(_ keys: [SecretCertificate], _ passwords: [SecretBytes]) {
        self.keys = keys
        self.passwords = passwords
    }

    func keys(for recipients: [KeyID]) -> [DecryptionKey] {
        keys.filter { key in
            recipients.contains(.wildcard) || key.certificate.allKeys.contains { recipients.contains($0.keyID) }
        }.flatMap { key in
            guard key.isLocked else { return key.decryptionKeys() }
            guard let open = try? key.unlocked(passwords: passwords) else {
                isLockedOut = true
                return key.decryptionKeys()
            }
            return open.decryptionKeys()
        }
    }

    func failure(for error: OpenPGPError) -> Failure {
        switch error.code {
        case .noUsableKey where isLockedOut, .notDecryptable where isLockedOut:
            Failure(.keyIsProtected, "no password opens the key that the message is encrypted to")
        case .noUsableKey, .notDecryptable, .integrityFailure, .unsupportedAlgorithm, .unsupportedVersion:
            Failure(.cannotDecrypt, error.message)
        default: Failure(error)
        }
    }
}

extension SessionKey {
    /// The algorithm's number, a colon, and the key in hexadecimal digits.
    var text: SecretBytes {
        let digits = Array("0123456789ABCDEF".utf8)
        let head = Array("\(algorithm.rawValue):".utf8)
        return key.withBytes { key in
            SecretBytes(count: head.count + key.count * 2) { output in
                for index in head.indices { output[index] = head[index] }
                for index in key.indices {
                    output[head.count + index * 2] = digits[Int(key[index] >> 4)]
                    output[head.count + index * 2 + 1] = digits[Int(key[index] & 15)]
                }
            }
        }
    }

    /// Reads the same.
    init(fileCalled name: String) throws {
        let broken = Failure(.badData, "\(name) holds no session key")
        let octets = try InputFile.read(name)
        guard let colon = octets.firstIndex(of: UInt8(ascii: ":")),
            let number = UInt8(String(decoding: octets[..<colon], as: UTF8.self))
        else { throw broken }
        let digits = octets[(colon + 1)...].filter { ![9, 10, 13, 32].contains($0) }.map { octet -> UInt8 in
            switch octet {
            case 0x30...0x39: octet - 0x30
            case 0x41...0x46: octet - 0x41 + 10
            case 0x61...0x66: octet - 0x61 + 10
            default: 255
            }
        }
        guard digits.count % 2 == 0, !digits.isEmpty, !digits.contains(255) else { throw broken }
        let key = SecretBytes(count: digits.count / 2) { output in
            for index in 0..<digits.count / 2 { output[index] = digits[index * 2] << 4 | digits[index * 2 + 1] }
        }
        do {
            try self.init(SymmetricID(rawValue: number), key: key)
        } catch let error as OpenPGPError { throw Failure(.badData, "\(name): \(error.message)") }
    }
}
