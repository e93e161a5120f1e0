import Foundation
import KeyStore
import OpenPGP

/// A key as `list` and `show` print it. The names of the fields are stable.
struct KeyReport: Encodable {
    struct UserIDReport: Encodable {
        let userID: String
        let address: String?
        let trust: String
        let valid: Bool
    }

    struct SubkeyReport: Encodable {
        let fingerprint: String
        let keyID: String
        let algorithm: String
        let bits: Int
        let created: String
        let expires: String?
        let use: [String]
        let status: String
    }

    let fingerprint: String
    let keyID: String
    let status: String
    let trust: String
    let hasSecretKey: Bool
    let userIDs: [UserIDReport]
    let keys: [SubkeyReport]
    let canEncrypt: Bool
    let canVerify: Bool
    let imported: String
    let changed: String

    init(_ record: CertificateRecord, at time: Timestamp) {
        let certificate = record.certificate
        fingerprint = certificate.fingerprint.hex
        keyID = certificate.keyID.hex
        status = Self.text(certificate.validity(at: time))
        trust = record.provenance.rawValue
        hasSecretKey = record.hasSecret
        let valid = Set(certificate.validUserIDs(at: time))
        userIDs = zip(certificate.userIDs, record.userIDProvenances).map { component, provenance in
            UserIDReport(
                userID: Self.printable(component.userID.string), address: component.userID.emailAddress,
                trust: provenance.rawValue, valid: valid.contains(component.userID))
        }
        keys = certificate.keyStatuses(at: time).map { status in
            SubkeyReport(
                fingerprint: status.key.fingerprint.hex, keyID: status.key.keyID.hex,
                algorithm: "\(status.key.algorithm)", bits: status.key.bitSize,
                created: Self.date(status.key.creation.seconds),
                expires: status.expiration.map { Self.date($0.seconds) },
                use: [
                    status.flags.contains(.certify) ? "certify" : nil, status.flags.contains(.sign) ? "sign" : nil,
                    status.flags.isDisjoint(with: .encrypt) ? nil : "encrypt",
                ].compactMap { $0 },
                status: Self.text(status.validity))
        }
        canEncrypt = !certificate.encryptionKeys(at: time).isEmpty
        canVerify = !certificate.verificationKeys(at: time).isEmpty
        imported = Self.date(record.created)
        changed = Self.date(record.updated)
    }

    /// One line per key.
    var line: String {
        let names = userIDs.map(\.userID).joined(separator: ", ")
        return "\(fingerprint)  \(status)  \(trust)\(hasSecretKey ? " secret" : "")  \(names)\n"
    }

    /// All there is.
    var text: String {
        var text = "fingerprint  \(fingerprint)\nstatus       \(status)\ntrust        \(trust)\n"
        text += "secret key   \(hasSecretKey ? "here" : "no")\nimported     \(imported)\nchanged      \(changed)\n"
        for userID in userIDs {
            text += "user ID      \(userID.userID)  (\(userID.trust)\(userID.valid ? "" : ", not valid"))\n"
        }
        for key in keys {
            text += "key          \(key.fingerprint)  \(key.algorithm) \(key.bits)  \(key.use.joined(separator: ","))"
            text += "  made \(key.created)\(key.expires.map { ", expires " + $0 } ?? "")  \(key.status)\n"
        }
        return text
    }

    static func date(_ seconds: Int64) -> String {
        ISO8601DateFormatter().string(from: Date(timeIntervalSince1970: TimeInterval(seconds)))
    }

    private static func text(_ validity: CertificateValidity) -> String {
        switch validity {
        case .valid: "valid"
        case .expired(let time): "expired \(date(time.seconds))"
        case .revoked(let hard): hard ? "revoked" : "revoked (soft)"
        case .notYetValid: "not yet valid"
        case .unusable(let reason): "unusable: \(reason)"
        }
    }

    /// A user ID is anybody's text: control characters could move the cursor of a terminal.
    static func printable(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { scalar in
                    switch scalar.properties.generalCategory {
                    case .control, .format, .lineSeparator, .paragraphSeparator: "\u{FFFD}"
                    default: scalar
                    }
                }))
    }
}
