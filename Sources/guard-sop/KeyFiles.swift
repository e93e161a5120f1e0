import Libcrypto
import OpenPGP

/// CERTS and KEYS of the draft: one or more certificates or secret keys, armored or not.
enum KeyFiles {
    static func certificates(_ designator: String) throws -> [Certificate] {
        try certificates(in: try InputFile.read(designator), called: designator)
    }

    static func certificatesOnStandardInput() throws -> [Certificate] {
        try certificates(in: try FileReader.standardInput().all(), called: "standard input")
    }

    private static func certificates(in bytes: [UInt8], called name: String) throws -> [Certificate] {
        let found: [Certificate]
        do {
            let packets = Armor.isArmored(bytes) ? try Armor.decode(bytes).flatMap(\.bytes) : bytes
            var reader = PacketReader(packets)
            guard try reader.next()?.tag != .secretKey else {
                throw Failure(.badData, "\(name) holds a secret key where a certificate is expected")
            }
            let (certificates, problems) = try Certificate.parseAll(packets)
            if certificates.isEmpty, let problem = problems.first { throw problem }
            found = certificates
        } catch let error as OpenPGPError {
            throw Failure(.badData, "\(name): \(error.message)")
        }
        guard !found.isEmpty else { throw Failure(.badData, "\(name) holds no certificate") }
        return found
    }

    static func keys(_ designator: String) throws -> [SecretCertificate] {
        var bytes = try InputFile.read(designator)
        return try keys(in: &bytes, called: designator)
    }

    static func keysOnStandardInput() throws -> [SecretCertificate] {
        var bytes = try FileReader.standardInput().all()
        return try keys(in: &bytes, called: "standard input")
    }

    private static func keys(in bytes: inout [UInt8], called name: String) throws -> [SecretCertificate] {
        defer { bytes.wipe() }
        let found: [SecretCertificate]
        do {
            let (keys, problems) = try SecretCertificate.parseAll(bytes)
            if keys.isEmpty, let problem = problems.first { throw problem }
            found = keys
        } catch let error as OpenPGPError {
            throw Failure(.badData, "\(name): \(error.message)")
        }
        guard !found.isEmpty else { throw Failure(.badData, "\(name) holds no secret key") }
        return found
    }

    /// Keys to sign with: one of each secret key.
    static func signers(
        _ designators: [String], passwords: [SecretBytes], at now: Timestamp
    ) throws -> [SigningKey] {
        try designators.flatMap(keys).map { key in
            do {
                return try signer(of: key, passwords, now)
            } catch let error as OpenPGPError {
                switch error.code {
                case .secretUnavailable where key.isLocked, .wrongPassword:
                    throw Failure(.keyIsProtected, "no password opens key \(key.fingerprint.hex)")
                default: throw Failure(.keyCannotSign, error.message)
                }
            }
        }
    }

    private static func signer(
        of key: SecretCertificate, _ passwords: [SecretBytes], _ now: Timestamp
    ) throws -> SigningKey {
        do {
            return try key.signingKey(at: now)
        } catch let error as OpenPGPError where error.code == .secretUnavailable && key.isLocked {
            return try key.unlocked(passwords: passwords).signingKey(at: now)
        }
    }

    /// The key with its parts open.
    static func opened(_ key: SecretCertificate, _ passwords: [SecretBytes]) throws -> SecretCertificate {
        guard key.isLocked else { return key }
        do {
            return try key.unlocked(passwords: passwords)
        } catch let error as OpenPGPError where error.code == .wrongPassword {
            throw Failure(.keyIsProtected, "no password opens key \(key.fingerprint.hex)")
        }
    }

    // MARK: Output

    static func write(_ certificates: [Certificate], armor: Bool) throws {
        let packets = certificates.flatMap { $0.serialized() }
        let output = StandardOutput()
        try output.append(armor ? Armor.encode(packets, kind: .publicKey) : packets)
        try output.finish()
    }

    static func write(_ keys: [SecretCertificate], armor: Bool) throws {
        let output = StandardOutput()
        for key in keys { try output.write(armor ? key.armored() : key.serialized()) }
    }
}
