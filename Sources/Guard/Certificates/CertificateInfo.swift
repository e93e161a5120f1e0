import CMS
import Libcrypto
import MIME

/// What callers are shown of a certificate.
public struct CertificateInfo: Sendable, Equatable {
    /// The address it was looked up or uploaded for; of others the first that it carries.
    public var email: String
    /// Unix seconds.
    public var expires: Int64
    public var expired: Bool
    /// The handle: sixteen digits of the issuer's hash, a colon, and the serial number, all hexadecimal.
    public var serial: String
    /// The issuer's name.
    public var certifier: String
    /// Whether it is the one in use.
    public var current: Bool

    init(_ certificate: X509Certificate, for address: EmailAddress?, isCurrent: Bool, now: Int64) {
        let email = address.flatMap { certificate.matches(address: $0) ? $0 : nil }
        self.email = (email ?? certificate.emailAddresses.lazy.compactMap(\.address).first)?.canonical ?? ""
        expires = certificate.notAfter
        expired = certificate.notAfter < now
        serial = SerialHandle(certificate).text
        certifier = certificate.issuer.text
        current = isCurrent
    }
}

/// What somebody found of a recipient.
public struct RecipientCertificate: Sendable, Equatable {
    /// Where it came from.
    public enum Source: String, Sendable { case local, uploaded, known }

    public var info: CertificateInfo
    public var source: Source
    /// Higher is better.
    public var trustLevel: Int
    public var isTrusted: Bool
}

/// How callers name a certificate. A serial number is unique for one issuer only.
struct SerialHandle: Equatable {
    /// Sixteen hexadecimal digits, upper case; nil where only the number was given.
    let issuer: String?
    /// Upper-case hexadecimal.
    let serial: String

    init(_ certificate: X509Certificate) {
        issuer = Self.hash(of: certificate)
        serial = certificate.serial
    }

    /// Nil for what is no handle.
    init?(_ text: String) {
        let parts = text.uppercased().split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let digits = parts.last.map { $0.hasPrefix("-") ? $0.dropFirst() : $0 } ?? ""
        guard let last = parts.last, (1...64).contains(digits.count), digits.allSatisfy(\.isHexDigit) else {
            return nil
        }
        serial = String(last)
        issuer = parts.count == 2 ? parts.first.map { String($0) } : nil
        if let issuer, issuer.count != 16 || !issuer.allSatisfy(\.isHexDigit) { return nil }
    }

    var text: String { issuer.map { $0 + ":" + serial } ?? serial }

    func names(_ certificate: X509Certificate) -> Bool {
        certificate.serial == serial && (issuer.map { $0 == Self.hash(of: certificate) } ?? true)
    }

    private static func hash(of certificate: X509Certificate) -> String {
        let digits = Array("0123456789ABCDEF")
        let hash = (try? Digest.hash(.sha256, certificate.issuer.der)) ?? []
        return String(hash.prefix(8).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }
}
