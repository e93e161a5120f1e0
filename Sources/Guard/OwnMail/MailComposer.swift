import Libcrypto
import MIME
import OpenPGP

/// Writes a mail (RFC 5322, RFC 2045 to 2047): text and HTML as alternatives, both in quoted-printable.
struct MailComposer {
    let from: Mailbox
    let time: Timestamp
    /// Octets that nobody can foresee, at least 32: for boundary and Message-ID.
    let random: [UInt8]

    /// - Parameters:
    ///   - values: for all names but that of the secret.
    ///   - secret: ASCII letters and digits.
    func compose(
        _ template: MailTemplate, to recipient: EmailAddress, values: [String: String], secret: SecretBytes?
    ) throws -> [UInt8] {
        let boundary = MIMEBuilder.boundary(random: Array(random.prefix(16)))
        let subject = template.subject.map { piece in
            switch piece {
            case .text(let text): text
            case .value(let name): values[name] ?? ""
            }
        }.joined()
        let clean = String(
            String.UnicodeScalarView(subject.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F }))
        let name = HexText.encode(random.dropFirst(16).prefix(16))
        let fields = try [
            MIMEBuilder.field("Date", MailDate.text(unixSeconds: time.seconds)),
            MIMEBuilder.field("From", MIMEBuilder.mailbox(from)),
            MIMEBuilder.field("To", recipient.canonical),
            MIMEBuilder.field("Subject", EncodedWord.encode(clean)),
            MIMEBuilder.field("Message-ID", "<\(name)@\(from.address.domain)>"),
            // RFC 3834: nobody's vacation responder answers.
            MIMEBuilder.field("Auto-Submitted", "auto-generated"),
            MIMEBuilder.field("MIME-Version", "1.0"),
            MIMEBuilder.field(
                "Content-Type", Array("multipart/alternative; boundary=\"".utf8) + boundary + Array("\"".utf8)),
        ]
        var message: [UInt8] = []
        for field in fields { message += field.serialized() }
        message += [0x0D, 0x0A]
        var writer = try MultipartWriter(boundary: boundary)
        for (type, pieces) in [("text/plain", template.text), ("text/html", template.hypertext)] {
            writer.openPart(into: &message)
            writer.header(
                [
                    try MIMEBuilder.field("Content-Type", "\(type); charset=utf-8"),
                    try MIMEBuilder.field("Content-Transfer-Encoding", "quoted-printable"),
                ], into: &message)
            write(pieces, values, secret, isHTML: type == "text/html", into: &message)
        }
        writer.close(into: &message)
        return message
    }

    /// The secret is copied as it is, between two soft line ends, and never becomes part of a `String`.
    private func write(
        _ pieces: [MailTemplate.Piece], _ values: [String: String], _ secret: SecretBytes?, isHTML: Bool,
        into message: inout [UInt8]
    ) {
        var encoder = QuotedPrintableEncoder()
        for piece in pieces {
            switch piece {
            case .text(let text): encoder.push(Array(text.utf8).span, into: &message)
            case .value(MailTemplate.secretName):
                encoder.finish(into: &message)
                message += [0x3D, 0x0D, 0x0A]
                secret?.withBytes { bytes in for index in bytes.indices { message.append(bytes[index]) } }
                message += [0x3D, 0x0D, 0x0A]
                encoder = QuotedPrintableEncoder()
            case .value(let name):
                let value = values[name] ?? ""
                encoder.push(Array((isHTML ? MailTemplate.escape(value) : value).utf8).span, into: &message)
            }
        }
        encoder.finish(into: &message)
    }
}
