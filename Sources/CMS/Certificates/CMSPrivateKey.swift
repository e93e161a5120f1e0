import COpenSSL
import Libcrypto

/// A private key for CMS. Its numbers live in locked memory and in libcrypto's key object, and nowhere else.
public final class CMSPrivateKey: Sendable {
    private let owner: KeyOwner
    /// The key as PrivateKeyInfo (RFC 5208), unlocked.
    public let pkcs8: SecretBytes
    public let algorithm: CertificateKeyAlgorithm

    /// Larger files are no keys. Octets.
    public static let maximumSize = 256 << 10

    /// Reads the one private key in PEM or DER: PKCS#8, locked or not, or the traditional form of RSA and EC keys.
    ///
    /// - Throws: `passwordNeeded`, `wrongPassword`, `limitExceeded` (also for a derivation that would take too long),
    ///   `refusedByPolicy` for a key locked with algorithms that `legacy` does not allow, `unsupported`, `malformed`,
    ///   `unexpectedData` where there is no private key.
    public convenience init(
        _ data: SecretBytes, password: SecretBytes? = nil, legacy: LegacyAlgorithms = .readable
    ) throws {
        guard data.count <= CMSPrivateKey.maximumSize else {
            throw CMSError(.limitExceeded, "a private key of \(data.count) octets is too large")
        }
        defer { ERR_clear_error() }
        let blocks = try data.withBytes { PEM.isLikely($0) ? try PEM.blocks($0) : nil }
        guard let blocks else {
            try self.init(der: data, password: password, legacy: legacy)
            return
        }
        guard let block = blocks.first(where: { $0.label.hasSuffix("PRIVATE KEY") }) else {
            throw CMSError(.unexpectedData, "there is no private key in the text")
        }
        guard block.fields["Proc-Type"] == "4,ENCRYPTED" else {
            try self.init(der: block.content, password: password, legacy: legacy)
            return
        }
        guard legacy == .readable else {
            throw CMSError(.refusedByPolicy, "the key is locked the old way of PEM, which derives with MD5")
        }
        guard let password else { throw CMSError(.passwordNeeded, "the private key is locked with a password") }
        let plain = try TraditionalPEM.decrypt(block, password: password)
        do { try self.init(der: plain, password: nil, legacy: legacy) } catch let error as CMSError
            where error.code == .malformed
        {
            throw CMSError(.wrongPassword, "the password does not open the private key")
        }
    }

    /// For data that holds no unlocked key; ``init(_:password:legacy:)`` otherwise.
    public convenience init(
        locked data: [UInt8], password: SecretBytes, legacy: LegacyAlgorithms = .readable
    ) throws {
        try self.init(SecretBytes(copying: data), password: password, legacy: legacy)
    }

    private convenience init(der: SecretBytes, password: SecretBytes?, legacy: LegacyAlgorithms) throws {
        switch try PrivateKeyInfo.form(of: der) {
        case .info: try self.init(info: der)
        case .traditionalRSA: try self.init(info: PrivateKeyInfo.wrap(rsa: der))
        case .traditionalEC: try self.init(info: PrivateKeyInfo.wrap(ec: der))
        case .locked:
            guard let password else { throw CMSError(.passwordNeeded, "the private key is locked with a password") }
            try self.init(info: LockedKey.open(der, password: password, legacy: legacy))
        }
    }

    /// A key out of a PrivateKeyInfo. Throws `malformed`, `unsupported`.
    init(info: SecretBytes) throws {
        owner = try PrivateKeyInfo.read(info)
        pkcs8 = info
        algorithm = owner.withHandle { CertificateKeyAlgorithm(key: $0) }
    }

    /// Whether the public key in the certificate is the one of this key.
    public func matches(_ certificate: X509Certificate) -> Bool {
        defer { ERR_clear_error() }
        return certificate.withHandle { certificate in
            guard let theirs = X509_get0_pubkey(certificate) else { return false }
            return withHandle { EVP_PKEY_eq($0, theirs) == 1 }
        }
    }

    /// The key locked with a password, as PEM of EncryptedPrivateKeyInfo: PBES2, AES-256-CBC, PBKDF2 with HMAC-SHA-256.
    public func lockedPEM(password: SecretBytes) throws -> [UInt8] {
        PEM.encode(try LockedKey.lock(pkcs8, password: password), label: "ENCRYPTED PRIVATE KEY")
    }

    /// Lends the `EVP_PKEY`, which must not be changed.
    package func withHandle<R>(_ body: (OpaquePointer) throws -> R) rethrows -> R { try owner.withHandle(body) }
}
