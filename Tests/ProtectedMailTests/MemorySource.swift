import CMS
import Foundation
import Libcrypto
import OpenPGP
import ProtectedMail

/// Keys in memory, as a certificate source.
struct MemorySource: CertificateSource {
    var known: [KnownCertificate] = []
    var secrets: [DecryptionKey] = []
    var isBroken = false
    var trust: SMIMETrust?
    var smimeSecrets: [CMSDecryptionKey] = []

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

    // MARK: S/MIME

    /// Trusts these authorities, each as an anchor.
    mutating func trust(_ files: [[UInt8]], lists: [RevocationList] = [], policy: ChainPolicy = ChainPolicy()) throws {
        let anchors = try files.flatMap { try X509Certificate.parseAll($0) }
        trust = SMIMETrust(
            store: try TrustStore(anchors, trustsIntermediates: true), lists: lists, policy: policy)
    }

    /// The keys of a PKCS#12 file that one of the passwords opens.
    mutating func add(pkcs12: [UInt8], passwords: [String]) {
        let pkcs12 = Self.withoutPEM(pkcs12)
        for password in passwords {
            guard let file = try? PKCS12(pkcs12, password: SecretBytes(copying: Array(password.utf8))) else { continue }
            for identity in file.identities {
                guard let certificate = identity.certificates.first else { continue }
                smimeSecrets.append(CMSDecryptionKey(certificate: certificate, privateKey: identity.key))
            }
            return
        }
    }

    /// Some files carry base64 in the manner of PEM.
    private static func withoutPEM(_ bytes: [UInt8]) -> [UInt8] {
        let text = String(decoding: bytes, as: UTF8.self)
        guard text.hasPrefix("-----BEGIN PKCS12") else { return bytes }
        let lines = text.split(whereSeparator: \.isNewline).filter { !$0.hasPrefix("-----") }
        return Data(base64Encoded: lines.joined()).map { [UInt8]($0) } ?? bytes
    }

    /// A private key in PEM with whichever of the certificates is its own.
    mutating func add(privateKey: [UInt8], certificates: [UInt8]) throws {
        let key = try CMSPrivateKey(SecretBytes(copying: privateKey))
        for certificate in try X509Certificate.parseAll(certificates) where key.matches(certificate) {
            smimeSecrets.append(CMSDecryptionKey(certificate: certificate, privateKey: key))
        }
    }

    func smimeTrust() throws -> SMIMETrust? {
        if isBroken { throw ProtectedMailError(.malformed, "the store is broken") }
        return trust
    }

    func smimeKeys(for recipients: [CertificateIdentifier]) throws -> [CMSDecryptionKey] {
        smimeSecrets.filter { key in recipients.contains { $0.matches(key.certificate) } }
    }
}
