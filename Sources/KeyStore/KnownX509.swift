public import CMS
public import ProtectedMail

/// An S/MIME certificate as the store knows it.
public struct KnownX509: Sendable {
    public let certificate: X509Certificate
    /// Where it came from. Whether a chain to an anchor vouches for it is another question.
    public let provenance: Provenance
    /// What its holder's own mail said they can read.
    public let capabilities: SMIMECapabilities?
    /// The gateway's private key for it, where there is one.
    public let privateKey: CMSPrivateKey?

    public init(
        certificate: X509Certificate, provenance: Provenance, capabilities: SMIMECapabilities?,
        privateKey: CMSPrivateKey?
    ) {
        self.certificate = certificate
        self.provenance = provenance
        self.capabilities = capabilities
        self.privateKey = privateKey
    }

    public var hasPrivateKey: Bool { privateKey != nil }
}

extension X509Certificate {
    /// SHA-256 of the certificate as 64 upper-case hexadecimal digits, its name in the store.
    public var fingerprintHex: String {
        get throws {
            let digits = Array("0123456789ABCDEF".unicodeScalars)
            var text = String.UnicodeScalarView()
            for octet in try fingerprint {
                text.append(digits[Int(octet >> 4)])
                text.append(digits[Int(octet & 15)])
            }
            return String(text)
        }
    }
}
