import CMS
import Libcrypto

/// What a file of certificates and private keys holds: PKCS#12, PKCS#7, PEM or DER.
struct CertificateFile {
    enum Form: String {
        case pkcs12
        case pkcs7
        case pem
        case der
    }

    let form: Form
    let keys: [CMSPrivateKey]
    let certificates: [X509Certificate]
    /// Whether a PKCS#12 file is locked with algorithms that are no longer written.
    let usesLegacyAlgorithms: Bool

    /// Reads a file, and asks for the password where one is needed.
    ///
    /// - Throws: `CMSError`, `KeyStoreError` where no password can be had.
    init(_ bytes: [UInt8], name: String, password: PasswordOptions) throws {
        let text = String(decoding: bytes.prefix(1 << 20), as: UTF8.self)
        let found = (try? X509Certificate.parseAll(bytes)) ?? []
        if text.contains("PRIVATE KEY-----") {
            let isLocked = text.contains("ENCRYPTED")
            let secret = isLocked ? try password.read(prompt: "Password of the private key in \(name)") : nil
            form = .pem
            keys = [try CMSPrivateKey(SecretBytes(copying: bytes), password: secret)]
            certificates = found
            usesLegacyAlgorithms = false
        } else if found.isEmpty {
            let archive = try PKCS12(bytes, password: password.read(prompt: "Password of \(name)"))
            form = .pkcs12
            keys = archive.keys
            certificates = archive.certificates
            usesLegacyAlgorithms = archive.usesLegacyAlgorithms
        } else {
            form = text.contains("-----BEGIN ") ? .pem : found.map(\.der) == [bytes] ? .der : .pkcs7
            keys = []
            certificates = found
            usesLegacyAlgorithms = false
        }
    }

    /// Whether this is such a file rather than a mail. No field of a mail begins as DER does, or with a line of dashes.
    static func isLikely(_ bytes: [UInt8]) -> Bool {
        if bytes.first == 0x30, let length = bytes.dropFirst().first, length >= 0x80 { return true }
        let lines = String(decoding: bytes.prefix(4096), as: UTF8.self).split(whereSeparator: \.isNewline)
        guard let first = lines.first(where: { $0.contains { !$0.isWhitespace } }) else { return false }
        // What OpenSSL writes before the blocks of a file it took apart.
        guard !first.hasPrefix("Bag Attributes") else { return true }
        return first.hasPrefix("-----BEGIN ")
            && ["CERTIFICATE-----", "PKCS7-----", "CMS-----", "PRIVATE KEY-----"].contains { first.hasSuffix($0) }
    }
}
