import Libcrypto

/// A certificate with secret parts of its keys, also called a secret key (RFC 9580 section 10.2). Secrets are locked by
/// a password or lie in locked memory.
public struct SecretCertificate: Sendable {
    /// The public half.
    public let certificate: Certificate
    let secrets: [Fingerprint: SecretKeyMaterial]
    /// Keys that are set up already; shared by all copies.
    private let handles: Lock<[Fingerprint: PrivateKeyHandle]>

    init(certificate: Certificate, secrets: [Fingerprint: SecretKeyMaterial]) {
        self.certificate = certificate
        self.secrets = secrets
        handles = Lock([:])
    }

    /// Reads exactly one secret key, binary or armored. The caller's buffer keeps its content: open secrets should be
    /// wiped from it.
    public init(parsing bytes: [UInt8]) throws {
        let (keys, problems) = try Self.parseAll(bytes)
        guard let first = keys.first else {
            throw problems.first ?? OpenPGPError(.unexpectedData, "there is no secret key")
        }
        guard keys.count == 1 else {
            throw OpenPGPError(.unexpectedData, "there are \(keys.count) secret keys instead of one")
        }
        self = first
    }

    /// Reads all secret keys, binary or armored; certificates without any secret part are passed over.
    public static func parseAll(
        _ bytes: [UInt8]
    ) throws -> (keys: [SecretCertificate], problems: [OpenPGPError]) {
        let reader = try CertificateReader.read(bytes)
        let keys = reader.found.filter { !$0.secrets.isEmpty }
            .map { SecretCertificate(certificate: Certificate($0.parts), secrets: $0.secrets) }
        return (keys, reader.problems)
    }

    /// Fingerprint of the primary key.
    public var fingerprint: Fingerprint { certificate.fingerprint }

    /// Whether a password is needed to use one of the keys.
    public var isLocked: Bool { secrets.values.contains { $0.isLocked && !$0.isAbsent } }

    /// Fingerprints of the keys whose secret part is here, locked or open.
    public var presentSecrets: Set<Fingerprint> { Set(secrets.filter { !$0.value.isAbsent }.keys) }

    /// The key with all parts open that the password opens.
    ///
    /// - Throws: `wrongPassword` where it opens none; other errors of the first part that cannot be opened at all.
    public func unlocked(password: SecretBytes, limits: S2KLimits = .standard) throws -> SecretCertificate {
        var opened = secrets
        var failure: OpenPGPError?
        var isOpen = !isLocked
        for (fingerprint, material) in secrets where material.isLocked && !material.isAbsent {
            do {
                opened[fingerprint] = SecretKeyMaterial(
                    open: try material.unlocked(
                        password, isPrimary: fingerprint == self.fingerprint, limits: limits), of: material.key)
                isOpen = true
            } catch let error as OpenPGPError {
                failure = error
            }
        }
        if !isOpen, let failure { throw failure }
        return SecretCertificate(certificate: certificate, secrets: opened)
    }

    /// How a password locks a secret key (RFC 9580 section 3.7.2.1).
    public enum PasswordLock: Sendable {
        /// Iterated and salted SHA-256, AES-256 in CFB mode, SHA-1 check: what every implementation reads.
        case interoperable
        /// Argon2id and AES-256 in OCB mode: the strongest, for readers of RFC 9580.
        case argon2
    }

    /// The key with all open parts locked.
    ///
    /// - Parameter lock: nil for what readers of the key's version can be expected to know.
    public func locked(password: SecretBytes, with lock: PasswordLock? = nil) throws -> SecretCertificate {
        try lockedWithSecrets(password: password, with: lock).key
    }

    /// Everything of both; of a secret part that stands in both the usable form: open, then locked, then absent.
    public func merged(with other: SecretCertificate) throws -> SecretCertificate {
        SecretCertificate(
            certificate: try certificate.merged(with: other.certificate),
            secrets: secrets.merging(other.secrets) { $0.better(than: $1) })
    }

    /// The same secret parts under a newer state of the public half.
    public func merged(with other: Certificate) throws -> SecretCertificate {
        SecretCertificate(certificate: try certificate.merged(with: other), secrets: secrets)
    }

    /// The key to sign documents with: the newest that the certificate allows and whose secret part is open.
    ///
    /// - Throws: `noUsableKey` where the certificate allows none, `secretUnavailable` where it is locked or not here.
    public func signingKey(at time: Timestamp, policy: AlgorithmPolicy = .standard) throws -> SigningKey {
        let candidates = certificate.verificationKeys(at: time, policy: policy)
        guard !candidates.isEmpty else {
            throw OpenPGPError(.noUsableKey, "key \(fingerprint.hex) has no part that may sign now")
        }
        for key in candidates {
            guard let handle = try handle(of: key) else { continue }
            return SigningKey(
                publicKey: key, certificateFingerprint: fingerprint,
                userID: certificate.primaryUserID(at: time, policy: policy)?.string, handle: handle)
        }
        throw OpenPGPError(.secretUnavailable, "the signing part of key \(fingerprint.hex) is locked or not here")
    }

    /// All open keys that can decrypt, expired and revoked ones too. Damaged ones are left out.
    public func decryptionKeys() -> [DecryptionKey] {
        certificate.allKeys.compactMap { key in
            guard key.algorithm.canEncrypt, let secret = try? decryptionSecret(of: key) else { return nil }
            return DecryptionKey(publicKey: key, certificateFingerprint: fingerprint, secret: secret)
        }
    }

    private func decryptionSecret(of key: PublicKey) throws -> DecryptionKey.Secret? {
        guard case .elGamal = key.parameters else { return try handle(of: key).map { .handle($0) } }
        guard let material = secrets[key.fingerprint], case .open(let secret) = material.state else { return nil }
        return .elGamal(try SecretNumbers.exponent(secret))
    }

    func handle(of key: PublicKey) throws -> PrivateKeyHandle? {
        guard let material = secrets[key.fingerprint], case .open(let secret) = material.state else { return nil }
        return try handles.withLock { cache in
            if let handle = cache[key.fingerprint] { return handle }
            let handle = try SecretNumbers.handle(secret, of: key)
            cache[key.fingerprint] = handle
            return handle
        }
    }

    /// The packets, with open secrets where they are open.
    public func serialized() -> SecretBytes {
        var pieces: [Piece] = []
        append(.secretKey, certificate.primaryKey, &pieces)
        certificate.content.parts.serializeRest { bytes, key in
            pieces.append(.octets(bytes))
            if let key { append(.secretSubkey, key, &pieces) }
        }
        let total = pieces.reduce(0) { $0 + $1.count }
        return SecretBytes(count: total) { span in
            var position = 0
            for piece in pieces {
                piece.write { octets in
                    for index in octets.indices { span[position + index] = octets[index] }
                    position += octets.count
                }
            }
        }
    }

    private enum Piece {
        case octets([UInt8])
        case secret(SecretKeyMaterial)

        var count: Int {
            switch self {
            case .octets(let bytes): bytes.count
            case .secret(let material): material.serializedCount
            }
        }

        func write(_ body: (Span<UInt8>) -> Void) {
            switch self {
            case .octets(let bytes): body(bytes.span)
            case .secret(let material): material.serialize(body)
            }
        }
    }

    private func append(_ tag: PacketTag, _ key: PublicKey, _ pieces: inout [Piece]) {
        guard let material = secrets[key.fingerprint] else {
            var packet: [UInt8] = []
            let publicTag: PacketTag = tag == .secretKey ? .publicKey : .publicSubkey
            PacketWriter.write(publicTag, body: key.serializedBody, into: &packet)
            pieces.append(.octets(packet))
            return
        }
        var start: [UInt8] = []
        PacketWriter.writeHeader(tag, count: key.serializedBody.count + material.serializedCount, into: &start)
        pieces.append(.octets(start + key.serializedBody))
        pieces.append(.secret(material))
    }

    /// The packets as a private key block.
    public func armored(headers: [ArmorHeader] = []) -> SecretBytes {
        let encoder = ArmorEncoder(kind: .privateKey, headers: headers)
        let binary = serialized()
        var text: [UInt8] = []
        // Enough at once: a buffer that grows leaves copies behind.
        text.reserveCapacity(
            binary.count * 3 / 2 + 1024 + headers.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count + 4 })
        binary.withBytes { encoder.push($0, into: &text) }
        encoder.finish(into: &text)
        defer { Wipe.wipe(&text) }
        return SecretBytes(copying: text)
    }
}
