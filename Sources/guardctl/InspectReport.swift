import CMS
import Foundation
import OpenPGP
import ProtectedMail

/// The output of `guardctl inspect`, as text and as JSON.
///
/// The JSON is stable: members may be added, none is renamed or removed while `version` is 1. Members without a value
/// are left out.
///
/// | member | what |
/// | --- | --- |
/// | `version` | 1 |
/// | `status` | `pass`, `fail`, `policy`, `neutral`, `none`, `temperror` or `permerror` |
/// | `protocol` | `openpgp`, `smime` or `none` |
/// | `encrypted` | whether the whole body is encrypted |
/// | `signatures` | one object for each signature: `status`, `protocol`, `fingerprint`, `keyID`, `certificate` (`issuer`, `serial`, `sha256`), `userID`, `signer` (the address), `trust` (`source`, `ca` or `none`), `source` (`own`, `admin`, `user`, `dane`, `wkd`, `autocrypt`, `hkp`, `message`), `coverage` (`message` or `part`), `part`, `created` (ISO 8601, UTC), `keyValidity`, `reason` (the first of `reasons`), `reasons` |
/// | `reasons` | objects with `code` and `text` |
/// | `headers` | the header fields that guardd would add, unfolded |
struct InspectReport: Encodable {
    struct Item: Encodable {
        let status: String
        let `protocol`: String
        let fingerprint: String?
        let keyID: String?
        let certificate: Certificate?
        let userID: String?
        let signer: String?
        let trust: String
        let source: String?
        let coverage: String
        let part: String?
        let created: String?
        let keyValidity: String
        let reason: Cause?
        let reasons: [Cause]
    }

    struct Certificate: Encodable {
        let issuer: String
        let serial: String
        let sha256: String?

        init(_ certificate: X509Certificate, key: String?) {
            issuer = InspectReport.printable(certificate.issuer.text)
            serial = certificate.serial
            sha256 = key
        }
    }

    struct Cause: Encodable {
        let code: String
        let text: String

        init(_ reason: Reason) {
            code = reason.code.rawValue
            text = reason.text
        }
    }

    let version = 1
    let status: String
    let `protocol`: String
    let encrypted: Bool
    let signatures: [Item]
    let reasons: [Cause]
    let headers: [String]

    init(_ verdict: Verdict, authservID: String) {
        status = verdict.status.rawValue
        `protocol` = verdict.protocol.rawValue
        encrypted = verdict.encrypted
        signatures = verdict.signatures.map { signature in
            let part: String? = if case .part(let number) = signature.coveredPart { number } else { nil }
            return Item(
                status: signature.status.rawValue, protocol: signature.protocol.rawValue,
                fingerprint: signature.fingerprint?.hex, keyID: signature.keyID?.hex,
                certificate: signature.certificate.map { Certificate($0, key: signature.key) },
                userID: signature.userID.map(Self.printable),
                signer: signature.signer.map { Self.printable($0.canonical) },
                trust: signature.trust.name, source: signature.provenance?.rawValue,
                coverage: part == nil ? "message" : "part", part: part,
                created: signature.created.map { CommandTime.format($0) }, keyValidity: signature.keyValidity,
                reason: signature.reason.map(Cause.init), reasons: signature.reasons.map(Cause.init))
        }
        reasons = verdict.reasons.map(Cause.init)
        headers = VerdictFields.lines(verdict, authservID: authservID)
    }

    /// A user ID is the signer's text: nothing in it may move the cursor of a terminal.
    fileprivate static func printable(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { scalar in
                    switch scalar.properties.generalCategory {
                    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned:
                        "\u{FFFD}"
                    default: scalar
                    }
                }))
    }

    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
    }

    var text: String {
        var lines = ["status:     \(status)", "protocol:   \(`protocol`)", "encrypted:  \(encrypted ? "yes" : "no")"]
        for item in signatures {
            lines.append("signature:  \(item.status), covers \(item.part.map { "part \($0)" } ?? "the whole message")")
            lines.append("  signer:   \(item.userID ?? "unknown")")
            let key = item.fingerprint ?? item.keyID ?? item.certificate?.sha256 ?? "not named"
            lines.append("  key:      \(key) (source: \(item.trust))")
            if let certificate = item.certificate {
                lines.append("  issuer:   \(certificate.issuer), serial number \(certificate.serial)")
            }
            if let created = item.created { lines.append("  created:  \(created)") }
            lines.append("  validity: \(item.keyValidity)")
        }
        lines += reasons.map { "reason:     \($0.code): \($0.text)" }
        lines += headers.map { "header:     \($0)" }
        return lines.joined(separator: "\n") + "\n"
    }
}
