import CMS
import Foundation

/// The output of `guardctl inspect` for a file of certificates, as text and as JSON.
///
/// The JSON is stable: members may be added, none is renamed or removed while `version` is 1.
///
/// | member | what |
/// | --- | --- |
/// | `version` | 1 |
/// | `form` | `pkcs12`, `pkcs7`, `pem` or `der` |
/// | `oldAlgorithms` | whether a PKCS#12 file is locked with RC2, 3DES or the like |
/// | `certificates` | objects with `subject`, `issuer`, `serial` (hexadecimal), `sha256`, `addresses`, `notBefore` and `notAfter` (ISO 8601, UTC), `keyAlgorithm`, `signatureAlgorithm`, `authority`, `hasPrivateKey` |
/// | `keys` | private keys: objects with `algorithm` and `hasCertificate` |
struct CertificateFileReport: Encodable {
    struct Certificate: Encodable {
        let subject: String
        let issuer: String
        let serial: String
        let sha256: String
        let addresses: [String]
        let notBefore: String
        let notAfter: String
        let keyAlgorithm: String
        let signatureAlgorithm: String
        let authority: Bool
        let hasPrivateKey: Bool
    }

    struct Key: Encodable {
        let algorithm: String
        let hasCertificate: Bool
    }

    let version = 1
    let form: String
    let oldAlgorithms: Bool
    let certificates: [Certificate]
    let keys: [Key]

    init(_ file: CertificateFile) throws {
        form = file.form.rawValue
        oldAlgorithms = file.usesLegacyAlgorithms
        certificates = try file.certificates.map { certificate in
            Certificate(
                subject: KeyReport.printable(certificate.subject.text),
                issuer: KeyReport.printable(certificate.issuer.text), serial: certificate.serial,
                sha256: try certificate.fingerprintHex,
                addresses: certificate.emailAddresses.compactMap {
                    $0.address.map { KeyReport.printable($0.canonical) }
                },
                notBefore: CertificateReport.date(certificate.notBefore),
                notAfter: CertificateReport.date(certificate.notAfter),
                keyAlgorithm: "\(certificate.keyAlgorithm)", signatureAlgorithm: certificate.signatureAlgorithm,
                authority: certificate.basicConstraints?.isAuthority == true,
                hasPrivateKey: file.keys.contains { $0.matches(certificate) })
        }
        keys = file.keys.map { key in
            Key(algorithm: "\(key.algorithm)", hasCertificate: file.certificates.contains { key.matches($0) })
        }
    }

    var text: String {
        var lines = ["form:        \(form)\(oldAlgorithms ? ", locked with old algorithms" : "")"]
        for item in certificates {
            lines += [
                "certificate: \(item.sha256)", "  subject:   \(item.subject)", "  issuer:    \(item.issuer)",
                "  serial:    \(item.serial)", "  addresses: \(item.addresses.joined(separator: ", "))",
                "  valid:     \(item.notBefore) to \(item.notAfter)",
                "  key:       \(item.keyAlgorithm), signed with \(item.signatureAlgorithm)"
                    + (item.authority ? ", of an authority" : ""),
                "  private:   \(item.hasPrivateKey ? "here" : "no")",
            ]
        }
        lines += keys.filter { !$0.hasCertificate }.map { "private key: \($0.algorithm), without a certificate" }
        return lines.joined(separator: "\n") + "\n"
    }
}
