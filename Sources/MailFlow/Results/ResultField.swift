public import ProtectedMail

/// Writes our `Authentication-Results` value (RFC 8601) with the method `pgp` and the properties that
/// draft-ser-authentication-results-openpgp-00 names, and the method `smime` of RFC 7281.
///
/// There is one result for each protocol found, and none is better than that of the whole message: whoever looks for any
/// `pgp=pass` must not find one for a part.
public enum ResultField {
    /// The field name.
    public static let name = "Authentication-Results"

    /// The value, with its leading space, folded with LF.
    public static func value(authservID: String, verdict: Verdict) -> String {
        let results = methods(verdict).map { result(verdict, $0) }
        return ([" \(id(authservID))"] + results).joined(separator: ";\n\t")
    }

    /// The protocols to speak of: those that were found, or both if there is nothing.
    private static func methods(_ verdict: Verdict) -> [MailProtocol] {
        let all: [MailProtocol] = [.openpgp, .smime]
        let found = all.filter { item in
            item == verdict.protocol || verdict.signatures.contains { $0.protocol == item }
        }
        return found.isEmpty ? all : found
    }

    private static func result(_ verdict: Verdict, _ method: MailProtocol) -> String {
        let signatures = verdict.signatures.filter { $0.protocol == method }
        let status = self.status(verdict, signatures)
        let signature = signatures.first { $0.status == status } ?? signatures.first
        var parts = ["\(method == .smime ? "smime" : "pgp")=\(status.rawValue)"]
        let isMain = method == verdict.protocol || verdict.protocol == .none
        if status != .pass, let reason = isMain ? verdict.reasons.first : signature?.reason {
            parts.append("reason=\(quoted("\(reason.code.rawValue): \(reason.text)", limit: 200))")
        }
        if let signature { parts += method == .smime ? smimeProperties(signature) : pgpProperties(signature) }
        return parts.joined(separator: "\n\t")
    }

    /// That of the message, except for a protocol whose own signatures did less for it.
    private static func status(_ verdict: Verdict, _ signatures: [SignatureVerdict]) -> Verdict.Status {
        guard verdict.status == .pass, !signatures.contains(where: { $0.status == .pass }) else {
            return verdict.status
        }
        return signatures.first?.status ?? verdict.status
    }

    private static func pgpProperties(_ signature: SignatureVerdict) -> [String] {
        var parts: [String] = []
        if let fingerprint = signature.fingerprint { parts.append("body.pgp-fingerprint=\(fingerprint.hex)") }
        if let userID = signature.userID, isPlain(userID), userID.utf8.count <= 200 {
            parts.append("body.pgp-user-id=\(quoted(userID, limit: 200))")
        }
        return parts
    }

    /// RFC 7281, section 3.2. Serial number and issuer come both or not at all.
    private static func smimeProperties(_ signature: SignatureVerdict) -> [String] {
        var parts: [String] = []
        if let part = signature.signaturePart {
            // A slash is none of the characters of a token (RFC 2045, section 5.1).
            parts.append("body.smime-part=\(part.contains("/") ? quoted(part, limit: 200) : part)")
        }
        if let address = signature.signer?.canonical, isPlain(address), address.utf8.count <= 320 {
            parts.append("body.smime-identifier=\(property(address))")
        }
        if let certificate = signature.certificate, isPlain(certificate.issuer.text),
            certificate.issuer.text.utf8.count <= 500
        {
            parts.append("body.smime-serial=\(certificate.serial)")
            parts.append("body.smime-issuer=\(quoted(certificate.issuer.text, limit: 500))")
        }
        return parts
    }

    /// An address as `pvalue` (RFC 8601, section 2.2) has it: quoted where its local part is no dot-atom.
    private static func property(_ address: String) -> String {
        let isDotAtom = address.utf8.allSatisfy { byte in
            (0x61...0x7A).contains(byte | 0x20) && byte >= 0x41 || (0x30...0x39).contains(byte)
                || "!#$%&'*+-/=?^_{|}~.@".utf8.contains(byte)
        }
        return isDotAtom ? address : quoted(address, limit: 320)
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
