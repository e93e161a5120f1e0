import COpenSSL
import Libcrypto

/// The keys and certificates of a PKCS#12 file (RFC 7292).
public struct PKCS12: Sendable {
    /// Larger files are refused. Octets.
    public static let maximumSize = 4 << 20

    public let keys: [CMSPrivateKey]
    public let certificates: [X509Certificate]
    /// Whether it was locked with algorithms that are no longer written.
    public let usesLegacyAlgorithms: Bool

    /// Each key with its certificates; keys without one are left out.
    public var identities: [(key: CMSPrivateKey, certificates: [X509Certificate])] {
        keys.compactMap { key in
            let own = certificates.filter { key.matches($0) }
            return own.isEmpty ? nil : (key, own)
        }
    }

    /// Opens a file.
    ///
    /// - Throws: `wrongPassword`, `malformed`, `unsupported`, `limitExceeded` (also for a file whose opening would take too long),
    ///   `refusedByPolicy` for old algorithms that `legacy` does not allow.
    public init(_ bytes: [UInt8], password: SecretBytes, legacy: LegacyAlgorithms = .readable) throws {
        defer { ERR_clear_error() }
        var reader = PKCS12Reader(password: password, legacy: legacy)
        try reader.read(bytes)
        keys = reader.keys
        certificates = reader.certificates
        usesLegacyAlgorithms = reader.usesLegacyAlgorithms
    }

    /// Makes a file: AES-256-CBC by PBES2 and PBKDF2, and a MAC with SHA-256, which OpenSSL, NSS, Windows and macOS open (GnuPG 2.2 does not).
    ///
    /// - Parameters:
    ///   - chain: certificates to go along.
    ///   - name: what programs show for the key.
    /// - Throws: `keyMismatch`, `internalFailure`.
    public static func make(
        key: CMSPrivateKey, certificate: X509Certificate, chain: [X509Certificate] = [], name: String? = nil,
        password: SecretBytes
    ) throws -> [UInt8] {
        guard key.matches(certificate) else {
            throw CMSError(.keyMismatch, "private key and certificate do not belong together")
        }
        defer { ERR_clear_error() }
        let writer = try PKCS12Writer(password: password)
        let identifier = Array(try certificate.fingerprint.prefix(20))
        try writer.add(certificate, name: name, identifier: identifier)
        for other in chain where other != certificate { try writer.add(other, name: nil, identifier: nil) }
        try writer.add(key, name: name, identifier: identifier)
        return try writer.finish()
    }
}
