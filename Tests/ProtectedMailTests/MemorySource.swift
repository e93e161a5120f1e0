import OpenPGP
import ProtectedMail

/// Keys in memory, as a certificate source.
struct MemorySource: CertificateSource {
    var known: [KnownCertificate] = []
    var secrets: [DecryptionKey] = []
    var isBroken = false

    init() {}

    /// Certificates and secret keys from any key files.
    init(_ files: [[UInt8]], provenance: Provenance = .adminImport) throws {
        for file in files { try add(file, provenance: provenance) }
    }

    mutating func add(_ file: [UInt8], provenance: Provenance = .adminImport) throws {
        known += try Certificate.parseAll(file).certificates.map {
            KnownCertificate(certificate: $0, provenance: provenance)
        }
        if let found = try? SecretCertificate.parseAll(file) { secrets += found.keys.flatMap { $0.decryptionKeys() } }
    }

    func certificates(for issuers: [IssuerHint]) throws -> [KnownCertificate] {
        if isBroken { throw ProtectedMailError(.malformed, "the store is broken") }
        return known.filter { item in
            issuers.contains { hint in item.certificate.allKeys.contains { hint.matches($0.fingerprint) } }
        }
    }

    func decryptionKeys(for recipients: [KeyID]) throws -> [DecryptionKey] {
        if isBroken { throw ProtectedMailError(.malformed, "the store is broken") }
        return secrets.filter { recipients.contains($0.publicKey.keyID) || recipients.contains(.wildcard) }
    }
}
