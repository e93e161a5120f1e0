import MIME

/// The trace of a copy (RFC 5321, section 4.4): the mail server adds the field of the original only after filters.
struct ReceivedField {
    var clientName: String
    var client: ClientAddress?
    var cameBySMTP: Bool
    var isAuthenticated: Bool
    /// The mail server's name.
    var host: String
    var queueID: String

    static let name = "Received"

    /// The value, with its leading space, folded with LF.
    func value(unixSeconds: Int64) -> String {
        let from =
            cameBySMTP && client != nil
            ? " from \(Self.clean(clientName)) ([\(client.map { "\($0)" } ?? "")])\n\tby" : " by"
        let with = cameBySMTP ? " with ESMTP\(isAuthenticated ? "A" : "")" : ""
        return "\(from) \(Self.clean(host)) (guardd)\(with) id \(Self.clean(queueID));\n\t"
            + MailDate.text(unixSeconds: unixSeconds)
    }

    /// Names come from outside.
    private static func clean(_ text: String) -> String {
        let kept = text.utf8.prefix(255).filter { octet in
            switch octet {
            case 0x2D, 0x2E, 0x30...0x3A, 0x41...0x5A, 0x5F, 0x61...0x7A: true
            default: false
            }
        }
        return kept.isEmpty ? "unknown" : String(decoding: kept, as: UTF8.self)
    }
}
