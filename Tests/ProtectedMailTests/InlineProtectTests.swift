import Foundation
import MIME
import OpenPGP
import ProtectedMail
import TestSupport
import Testing

/// Plain text as inline OpenPGP, read by GnuPG and judged by us.
@Suite struct InlineProtectTests {
    private let mails: SignedMail
    private let now = Timestamp(Int64(Date().timeIntervalSince1970))
    private let plan: (_ encrypt: Bool, _ sign: Bool) -> ProtectionPlan

    init() throws {
        let mails = try SignedMail.shared.get()
        let certificate = try Certificate(parsing: mails.gpg.publicKey(mails.alice))
        let recipient = EncryptionRecipient(key: try #require(certificate.encryptionKeys(at: now).first))
        let signer = try SecretCertificate(parsing: mails.gpg.secretKey(mails.alice)).signingKey(at: now)
        self.mails = mails
        plan = { encrypt, sign in
            ProtectionPlan(
                recipients: encrypt ? [recipient] : [], signer: sign ? signer : nil, encrypt: encrypt, sign: sign,
                form: .inline)
        }
    }

    private static let latin =
        Array(
            "From: <alice@example.org>\r\nContent-Type: text/plain; charset=iso-8859-1; format=flowed\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
                .utf8) + Array("=C4pfel=20\r\n- dash\r\nFrom here\r\n.\r\nno end".utf8)
    private static let text = "\u{C4}pfel \n- dash\nFrom here\n.\nno end\n"

    private func protect(_ message: [UInt8], encrypt: Bool, sign: Bool) throws -> MailParts {
        var assembly = try MessageAssembly(message)
        try assembly.protect(.openpgp(plan(encrypt, sign)), time: now, piece: 11)
        return MailParts(assembly.bytes)
    }

    private func octets(_ mail: MailParts) -> [UInt8] { Array(mail.fields.joined()) + [13, 10] + mail.body }

    private func verdict(_ mail: MailParts, opening: Bool = false) throws -> Verdict {
        var files = [try mails.gpg.publicKey(mails.alice)]
        if opening { files.append(try mails.gpg.secretKey(mails.alice)) }
        return inspect(message: octets(mail), source: try MemorySource(files), time: now)
    }

    @Test(arguments: [false, true]) func gpgReadsTheText(sign: Bool) throws {
        let mail = try protect(Self.latin, encrypt: true, sign: sign)
        #expect(mail.values("Content-Type") == ["text/plain; charset=utf-8"])
        #expect(mail.values("Content-Transfer-Encoding") == ["7bit"])
        #expect(mail.body.starts(with: Array("-----BEGIN PGP MESSAGE-----\r\n".utf8)))
        let (content, status) = try mails.gpg.decryptWithStatus(mail.body)
        #expect(String(decoding: content, as: UTF8.self).replacing("\r\n", with: "\n") == Self.text)
        #expect(status.contains("GOODSIG") == sign)
        let verdict = try verdict(mail, opening: true)
        #expect(verdict.encrypted && verdict.status == (sign ? .pass : .none), "\(verdict)")
    }

    @Test func aClearSignatureSurvivesSevenBits() throws {
        let mail = try protect(Self.latin, encrypt: false, sign: true)
        #expect(mail.values("Content-Transfer-Encoding") == ["quoted-printable"])
        #expect(mail.body.allSatisfy { $0 < 0x80 })
        let parsed = try Message(parsing: octets(mail))
        let text = parsed.decodedBody(of: parsed.root).bytes
        #expect(String(decoding: text, as: UTF8.self).contains("\r\n- - dash\r\nFrom here\r\n"))
        let status = try mails.gpg.run(["--status-fd", "1", "--verify"], input: text)
        #expect(String(decoding: status, as: UTF8.self).contains("GOODSIG"))
        #expect(try verdict(mail).status == .pass)
        let plain = try protect(Array("From: <alice@example.org>\r\n\r\nshort\r\n".utf8), encrypt: false, sign: true)
        #expect(plain.values("Content-Transfer-Encoding") == ["7bit"] && plain.values("MIME-Version") == ["1.0"])
        #expect(try verdict(plain).status == .pass)
    }

    /// What has no inline form is PGP/MIME, octet for octet as without the wish.
    @Test(arguments: [
        "Content-Type: text/html", "Content-Type: multipart/mixed; boundary=b",
        "Content-Type: text/plain; charset=x-unknown",
        "Content-Type: text/plain\r\nContent-Disposition: attachment; filename=a.txt",
        "Content-Type: text/plain\r\nContent-Type: text/plain",
    ])
    func anythingElseIsPGPMIME(fields: String) throws {
        let message = Array("From: <alice@example.org>\r\n\(fields)\r\n\r\n--b\r\n\r\nwords\r\n--b--\r\n".utf8)
        let mail = try protect(message, encrypt: true, sign: true)
        #expect(mail.value("Content-Type")?.hasPrefix("multipart/encrypted") == true)
        let content = try mails.gpg.decrypt(try #require(mail.armor))
        #expect(content == Array("\(fields)\r\n\r\n--b\r\n\r\nwords\r\n--b--\r\n".utf8))
    }
}
