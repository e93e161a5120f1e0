import OpenPGP

/// The list of keys that key servers answer with, one line per key and user ID (draft-shaw-openpgp-hkp-00, section 5.2).
enum DirectoryIndex {
    static func text(_ certificates: [Certificate], at time: Timestamp, policy: AlgorithmPolicy) -> String {
        var lines = ["info:1:\(certificates.count)"]
        for certificate in certificates {
            guard let status = certificate.keyStatuses(at: time, policy: policy).first else { continue }
            let key = status.key
            lines.append(
                "pub:\(key.fingerprint.hex):\(key.algorithm.rawValue):\(key.bitSize):\(key.creation.seconds):"
                    + "\(status.expiration.map { "\($0.seconds)" } ?? ""):\(flags(status.validity))")
            let valid = Set(certificate.validUserIDs(at: time, policy: policy))
            for component in certificate.userIDs {
                lines.append("uid:\(escaped(component.userID.bytes)):::\(valid.contains(component.userID) ? "" : "r")")
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func flags(_ validity: CertificateValidity) -> String {
        switch validity {
        case .revoked: "r"
        case .expired: "e"
        case .unusable: "d"
        case .valid, .notYetValid: ""
        }
    }

    /// Colons, percent signs and what is not plain ASCII as percent and two digits.
    private static func escaped(_ bytes: [UInt8]) -> String {
        bytes.map { octet in
            let isPlain = (0x20..<0x7F).contains(octet) && octet != 0x3A && octet != 0x25
            return isPlain
                ? String(UnicodeScalar(octet))
                : "%" + (octet < 16 ? "0" : "") + String(octet, radix: 16, uppercase: true)
        }.joined()
    }
}
