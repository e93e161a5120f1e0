/// Writes the commands of a transaction with the parameters that a server announced.
struct CommandWriter {
    let capabilities: Capabilities

    /// MAIL. What the server does not know and the message can do without is left out.
    func mail(_ envelope: SMTPEnvelope) throws(MailProxyError) -> String {
        var command = "MAIL FROM:\(envelope.sender)"
        if capabilities.size, let size = envelope.size {
            if let limit = capabilities.sizeLimit, size > limit {
                throw MailProxyError(
                    .unsupported, at: .mail, "the message has \(size) octets, the server takes at most \(limit)")
            }
            command += " SIZE=\(size)"
        }
        if envelope.hasEightBit {
            guard capabilities.eightBitMIME else {
                throw MailProxyError(.unsupported, at: .mail, "the message has 8-bit content, the server no 8BITMIME")
            }
            command += " BODY=8BITMIME"
        }
        if envelope.needsUTF8 {
            guard capabilities.smtpUTF8 else {
                throw MailProxyError(.unsupported, at: .mail, "the message needs SMTPUTF8, the server does not know it")
            }
            command += " SMTPUTF8"
        }
        if capabilities.dsn {
            try Self.add("RET", envelope.dsnReturn, to: &command, at: .mail)
            try Self.add("ENVID", envelope.envelopeID, to: &command, at: .mail)
        }
        return command
    }

    func recipient(_ recipient: SMTPEnvelope.Recipient) throws(MailProxyError) -> String {
        guard recipient.path != .null else { throw MailProxyError(.unwritable, at: .recipient, "an empty recipient") }
        var command = "RCPT TO:\(recipient.path)"
        if capabilities.dsn {
            try Self.add("NOTIFY", recipient.notify, to: &command, at: .recipient)
            try Self.add("ORCPT", recipient.originalRecipient, to: &command, at: .recipient)
        }
        return command
    }

    /// XFORWARD (Postfix), in as many commands as lines of 512 octets need. Attributes that the server does not take
    /// are left out; none left means no command.
    func xforward(_ attributes: [(name: String, value: String)]) -> [String] {
        var commands: [String] = []
        var command = ""
        for (name, value) in attributes where capabilities.xforward.contains(name) {
            let piece = " \(name)=\(Self.xtext(String(decoding: value.utf8.prefix(150), as: UTF8.self)))"
            if !command.isEmpty, command.utf8.count + piece.utf8.count > 490 {
                commands.append(command)
                command = ""
            }
            if command.isEmpty { command = "XFORWARD" }
            command += piece
        }
        return command.isEmpty ? commands : commands + [command]
    }

    private static func add(
        _ name: String, _ value: String?, to command: inout String, at step: SMTPStep
    ) throws(MailProxyError) {
        guard let value else { return }
        let isWritable = !value.isEmpty && value.utf8.count <= 500 && value.utf8.allSatisfy { 0x21...0x7E ~= $0 }
        guard isWritable else { throw MailProxyError(.unwritable, at: step, "the value of \(name) cannot be written") }
        command += " \(name)=\(value)"
    }

    /// xtext of RFC 3461, section 4.
    static func xtext(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            if 0x21...0x7E ~= byte, byte != 0x2B, byte != 0x3D {
                result.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                result += (byte < 16 ? "+0" : "+") + String(byte, radix: 16, uppercase: true)
            }
        }
        return result
    }
}
