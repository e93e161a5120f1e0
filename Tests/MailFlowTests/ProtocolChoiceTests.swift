import CMS
import Libcrypto
import MIME
import MailFlow
import OpenPGP
import ProtectedMail
import TestSupport
import Testing

/// One message, one protocol: the first of the rule that reaches everybody.
@Suite struct ProtocolChoiceTests {
    private static let authority = Result { try OpenSSLAuthority() }
    private static let both = ["<bob@partner.example>", "<sam@partner.example>"]

    private func harness(_ rules: [Rule]) throws -> (Harness, OpenSSLAuthority.Identity) {
        let authority = try Self.authority.get()
        let harness = try Harness(rules)
        let sam = try authority.issue("sam@partner.example", .p256)
        harness.keys.smime[try #require(EmailAddress("sam@partner.example"))] = [
            SMIMERecipient(certificate: try X509Certificate(pem: sam.certificate))
        ]
        return (harness, sam)
    }

    private func mail(to recipients: [String]) -> Mail {
        var mail = Mail()
        mail.to = recipients
        mail.header[1] = ("To", " " + recipients.joined(separator: ", "))
        return mail
    }

    private func type(_ passage: Passage) -> String {
        passage.edits.compactMap { edit in
            if case .append("Content-Type", let value) = edit { value } else { nil }
        }.first ?? ""
    }

    @Test func theOtherProtocolReachesWhomTheFirstDoesNot() throws {
        let (harness, sam) = try harness([rule("r", .required)])
        let passage = harness.send(mail(to: ["<sam@partner.example>"]))
        #expect(type(passage).contains("application/pkcs7-mime"))
        #expect(passage.record?.keyIDs.first?.hasPrefix("smime:") == true)
        let folder = try TemporaryDirectory("smime")
        let body = try #require(passage.body)
        try folder.write(
            "m",
            Array(
                "MIME-Version: 1.0\r\nContent-Type:\(type(passage))\r\nContent-Transfer-Encoding: base64\r\n\r\n\(body)"
                    .utf8))
        try Shell.check(
            "openssl",
            [
                "cms", "-decrypt", "-in", folder.file("m"), "-recip", sam.certificateFile, "-inkey", sam.keyFile,
                "-out",
                folder.file("out"),
            ])
        #expect(String(decoding: try folder.read("out"), as: UTF8.self).hasSuffix("Hello, this is clear text.\r\n"))
    }

    @Test func aRuleMayForbidAProtocol() throws {
        let (harness, _) = try harness([rule("r", .required) { $0.protocols = [.openpgp] }])
        #expect(harness.send(mail(to: ["<sam@partner.example>"])).code == "550 5.7.5")
    }

    @Test func recipientsOfDifferentProtocolsAreRefusedWithTheReason() throws {
        let (harness, _) = try harness([rule("r", .required)])
        let passage = harness.send(mail(to: Self.both))
        #expect(passage.code == "550 5.7.5")
        #expect(passage.text.contains("send to each alone"), "\(passage.text)")
    }

    @Test func opportunisticMailToDifferentProtocolsGoesInClear() throws {
        let (harness, _) = try harness([rule("r", .opportunistic)])
        let passage = harness.send(login(mail(to: Self.both)))
        #expect(passage.code == nil && passage.body == nil)
        #expect(passage.record?.result == .clear)
    }

    /// CMS names its recipients.
    @Test func blindRecipientsAreNotShown() throws {
        let (harness, _) = try harness([rule("r", .required)])
        harness.keys.smime[try #require(EmailAddress("bob@partner.example"))] =
            harness.keys.smime[try #require(EmailAddress("sam@partner.example"))]
        harness.keys.encryption = [:]
        var hidden = mail(to: Self.both)
        hidden.header[1] = ("To", " sam@partner.example")
        #expect(harness.send(hidden).code == "550 5.7.5")
        #expect(harness.send(mail(to: Self.both)).code == nil)
    }

    @Test func signsInTheProtocolOfTheEncryption() throws {
        let (harness, _) = try harness([rule("r", .required, .ifKey)])
        var passage = harness.send(login(mail(to: ["<sam@partner.example>"])))
        #expect(passage.record?.plan == "encrypt")
        let alice = try Self.authority.get().issue("alice@example.org", .p256)
        harness.keys.smimeSigners[try #require(EmailAddress("alice@example.org"))] = SMIMESigner(
            signer: try CMSSigner(
                certificate: X509Certificate(pem: alice.certificate),
                privateKey: CMSPrivateKey(SecretBytes(copying: alice.privateKey))))
        passage = harness.send(login(mail(to: ["<sam@partner.example>"])))
        #expect(passage.record?.plan == "encrypt+sign")
        harness.policy.rules = [
            try rule("s", .never, .required) {
                $0.protocols = [.smime, .openpgp]
                $0.smimeSignature = .opaque
            }
        ]
        passage = harness.send(login(mail(to: ["<bob@partner.example>"])))
        #expect(type(passage).contains("smime-type=signed-data"), "\(passage.text)")
        harness.policy.rules[0].smimeSignature = .detached
        #expect(type(harness.send(login(mail(to: ["<bob@partner.example>"])))).contains("application/pkcs7-signature"))
        harness.policy.rules[0].protocols = [.openpgp]
        #expect(type(harness.send(login(mail(to: ["<bob@partner.example>"])))).contains("application/pgp-signature"))
    }

    private func login(_ mail: Mail) -> Mail {
        var mail = mail
        mail.login = "alice@example.org"
        return mail
    }
}
