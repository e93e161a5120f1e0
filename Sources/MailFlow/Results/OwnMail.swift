public import Libcrypto
public import MIME
public import OpenPGP

/// Mail that guardd itself writes: resets, invitations, notices.
///
/// It carries a marker by which the mail flow knows it, so that no rule stops or changes it: a new password must not be
/// encrypted to the very key whose password was lost, and `encrypt = "required"` must not lock its user out. The marker
/// binds body, recipients and an hour; it counts from this machine and from the peers of re-injection.
public enum OwnMail {
    /// Seconds in which the mail server has to hand the mail in.
    static let lifetime: Int64 = 3600

    /// The message with its marker in front.
    ///
    /// - Parameters:
    ///   - message: header, blank line and body, line ends CR LF.
    ///   - recipients: the envelope; at most 1000.
    ///   - key: the master key's purpose `marker`.
    /// - Throws: `MailFlowError` with code `ownMail` for a message without a body or without recipients.
    public static func marked(
        _ message: [UInt8], for recipients: [EmailAddress], key: SecretBytes, at now: Timestamp
    ) throws -> [UInt8] {
        let blank: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A]
        let end = (0..<max(0, message.count - 3)).first { message[$0..<($0 + 4)].elementsEqual(blank) }
        guard let end else { throw MailFlowError(.ownMail, "a message of guardd's own has no body") }
        let digest = try Digest(.sha256)
        digest.update(Array(message[(end + 4)...]))
        let marker = try Marker(
            .own, key: key, bodyDigest: digest.finish(), recipients: recipients.map(\.canonical),
            expiry: now.seconds + lifetime)
        guard let marker else {
            throw MailFlowError(.ownMail, "a message of guardd's own has no or too many recipients")
        }
        let value = marker.value.replacing("\n", with: "\r\n")
        return Array("\(Marker.name):\(value)\r\n".utf8) + message
    }
}
