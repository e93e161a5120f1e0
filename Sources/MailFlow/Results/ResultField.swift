public import ProtectedMail

/// Writes our `Authentication-Results` value (RFC 8601) with the method `pgp` and the properties that
/// draft-ser-authentication-results-openpgp-00 names.
///
/// There is one result, that of the whole message: whoever looks for any `pgp=pass` must not find one for a part.
public enum ResultField {
    /// The field name.
    public static let name = "Authentication-Results"

    /// The value, with its leading space, folded with LF.
    public static func value(authservID: String, verdict: Verdict) -> String {
        var parts = [" \(id(authservID));", "\tpgp=\(verdict.status.rawValue)"]
        if let reason = verdict.reasons.first {
            parts.append("\treason=\(quoted("\(reason.code.rawValue): \(reason.text)", limit: 200))")
        }
        if let signature = verdict.signatures.first(where: { $0.status == verdict.status }) ?? verdict.signatures.first
        {
            if let fingerprint = signature.fingerprint {
                parts.append("\tbody.pgp-fingerprint=\(fingerprint.hex)")
            }
            if let userID = signature.userID, isPlain(userID), userID.utf8.count <= 200 {
                parts.append("\tbody.pgp-user-id=\(quoted(userID, limit: 200))")
            }
        }
        return parts.joined(separator: "\n")
    }

    private static func id(_ text: String) -> String {
        let isToken =
            !text.isEmpty
            && text.utf8.allSatisfy {
                (0x61...0x7A).contains($0 | 0x20) || (0x30...0x39).contains($0) || $0 == 0x2D || $0 == 0x2E
                    || $0 == 0x5F
            }
        return isToken ? text : quoted(text, limit: 255)
    }

    /// A user ID that is not plain ASCII is left out: a mangled one could read as somebody else's.
    private static func isPlain(_ text: String) -> Bool { text.utf8.allSatisfy { (0x20...0x7E).contains($0) } }

    /// A quoted string (RFC 5322, section 3.2.4) of printable ASCII.
    static func quoted(_ text: String, limit: Int) -> String {
        var result = "\""
        for character in SMTPReply.clean(text, limit: limit) {
            if character == "\"" || character == "\\" { result.append("\\") }
            result.append(character)
        }
        return result + "\""
    }
}
