import Libcrypto
import MIME
import OpenPGP
import Testing

@testable import Guard

/// A guard that sends mail into a bag, and does what is to be done later at once.
struct MailedGuard {
    let test: TestGuard
    let bag: MailBag

    init(
        isBroken: Bool = false, certificates: (any CertificateIssuer)? = nil,
        _ change: (inout GuardSettings) -> Void = { _ in }
    ) throws {
        bag = MailBag(isBroken: isBroken)
        var ports = GuardPorts(mail: bag)
        ports.later = { $0() }
        ports.certificates = certificates
        let from = try #require(EmailAddress("guard@example.org"))
        test = try TestGuard(ports: ports) { settings in
            settings.mail.from = Mailbox(address: from)
            settings.recovery.isOffered = true
            settings.guests.areAllowed = true
            settings.guests.firstPage = "https://guard.example.org/first?email={email}&item={item}"
            settings.guests.resetPage = "https://guard.example.org/reset?email={email}&resetid={resetid}"
            change(&settings)
        }
    }

    var service: Guard { test.service }

    /// The text of a mail.
    func text(_ index: Int) throws -> String {
        let mails = bag.mails
        try #require(mails.indices.contains(index), "\(mails.count) mails")
        let message = try Message(parsing: mails[index].message)
        let part = try #require(message.root.children.first)
        var decoder = QuotedPrintableDecoder()
        var output: [UInt8] = []
        decoder.push(Array(message.bytes[part.bodyRange]).span, into: &output)
        decoder.finish(into: &output)
        return String(decoding: output, as: UTF8.self)
    }

    /// What a link in a mail says for a parameter.
    func parameter(_ name: String, of index: Int) throws -> String {
        let text = try text(index)
        let start = try #require(text.firstRange(of: name + "="), "\(text)")
        return String(text[start.upperBound...].prefix { $0.isHexDigit })
    }

    /// The generated password in a mail.
    func password(_ index: Int) throws -> SecretBytes {
        let line = try text(index).split(separator: "\r\n").first { line in
            line.count == 16 && line.allSatisfy { $0.isLetter || $0.isNumber }
        }
        return TestGuard.secret(String(try #require(line)))
    }
}
