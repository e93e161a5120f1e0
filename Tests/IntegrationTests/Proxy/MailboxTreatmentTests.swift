import Foundation
import TestSupport
import Testing

extension Integration {
    /// Mail that a rule has decrypted or encrypted on its way into a mailbox of Dovecot, made and read by others.
    @Suite(.enabled(if: DovecotInstance.isAvailable)) struct MailboxTreatmentTests {
        /// A Dovecot behind guardd, with a mailbox for each treatment.
        private final class Lab: Sendable {
            static let shared = Result { try Lab() }
            static let (opened, rest, plain) = ("opened@guard.test", "rest@guard.test", "plain@guard.test")

            let gpg: GnuPGHome
            let authority: OpenSSLAuthority
            let identity: OpenSSLAuthority.Identity
            let guardd: GuardDaemon
            let dovecot: DovecotInstance
            let port: UInt16

            private init() throws {
                dovecot = try DovecotInstance(users: [Self.opened: "x", Self.rest: "x", Self.plain: "x"])
                gpg = try GnuPGHome()
                for address in [Self.opened, Self.rest, "sender@elsewhere.test"] { try gpg.generate(address) }
                authority = try OpenSSLAuthority()
                identity = try authority.issue(Self.opened)
                guardd = try GuardDaemon(
                    rules: [
                        .init("opened", recipient: Self.opened, more: [("inbound", "\"decrypt\"")]),
                        .init("rest", recipient: Self.rest, missingKey: "refuse", more: [("inbound", "\"encrypt\"")]),
                    ],
                    settings: ["smime": "{ trust = [\"\(authority.certificateFile)\"] }"])
                try guardd.importSecret(gpg.secretKey(Self.opened))
                for address in [Self.rest, "sender@elsewhere.test"] { try guardd.importPublic(gpg.publicKey(address)) }
                try guardd.importSMIME(identity.certificate + identity.privateKey)
                port = try SocketAddress.freePort()
                guardd.tables = """
                    [[proxy]]
                    name = "dovecot"
                    role = "lmtp"
                    listen = "127.0.0.1:\(port)"
                    next_hop = "unix:\(dovecot.lmtpSocket)"

                    """
                try guardd.writeConfiguration()
                try guardd.start()
            }

            /// What the mailboxes got of one message, by their name.
            func deliver(_ id: String, to recipients: [String], _ mail: [UInt8]) throws -> [String: MailParts] {
                let answers = try SMTPClient.deliver(
                    port: port, from: "sender@elsewhere.test", to: recipients, data: mail)
                guard answers.values.allSatisfy(\.isPositive) else {
                    throw TestFailure("\(answers)\n\(guardd.log.suffix(2000))")
                }
                var found: [String: MailParts] = [:]
                for recipient in recipients {
                    let mail = dovecot.mail(of: recipient).filter { $0.value("Message-ID") == "<\(id)>" }
                    guard mail.count == 1 else { throw TestFailure("\(recipient) has \(mail.count) of \(id)") }
                    found[recipient] = mail[0]
                }
                return found
            }
        }

        private let lab: Lab
        init() throws { lab = try Lab.shared.get() }

        private static let fields =
            "From: sender@elsewhere.test\r\nTo: opened@guard.test\r\nSubject: [...]\r\nMIME-Version: 1.0\r\n"
        private static let entity =
            "Content-Type: text/plain; charset=utf-8; protected-headers=\"v1\"\r\nSubject: The plan\r\n"
            + "Content-Transfer-Encoding: 8bit\r\n\r\nsecret w\u{F6}rds\r\n.dot\r\n"

        private func body(_ parts: MailParts) -> String {
            String(decoding: parts.body, as: UTF8.self).replacing("\r\n", with: "\n")
        }

        /// PGP/MIME as a client makes it, signed and encrypted in one.
        private func pgp(_ id: String, to recipient: String) throws -> [UInt8] {
            let armor = try lab.gpg.run(
                [
                    "--armor", "--trust-model", "always", "--local-user", "sender@elsewhere.test", "--sign",
                    "--encrypt",
                    "--recipient", recipient,
                ], input: Array(Self.entity.utf8))
            return Array(
                (Self.fields + "Message-ID: <\(id)>\r\n"
                    + "Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=b\r\n\r\n"
                    + "--b\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n\r\n"
                    + "--b\r\nContent-Type: application/octet-stream\r\n\r\n"
                    + String(decoding: canonicalLineEnds(armor), as: UTF8.self) + "\r\n--b--\r\n").utf8)
        }

        private func smime(_ id: String, _ options: [String], content: [UInt8]) throws -> [UInt8] {
            let file = "\(id).eml"
            try lab.authority.folder.write(file, content)
            let made = try Shell.check(
                "openssl",
                ["cms", "-encrypt", "-binary", "-in", lab.authority.folder.file(file)] + options + [
                    lab.identity.certificateFile
                ])
            return Array((Self.fields.replacing("MIME-Version: 1.0\r\n", with: "") + "Message-ID: <\(id)>\r\n").utf8)
                + canonicalLineEnds(Array(made))
        }

        @Test func openPGPFromGnuPGIsDeliveredOpened() throws {
            let id = "gpg@mailbox.test"
            let found = try lab.deliver(id, to: [Lab.opened, Lab.plain], pgp(id, to: Lab.opened))
            let mail = try #require(found[Lab.opened])
            #expect(body(mail) == "secret w\u{F6}rds\n.dot\n")
            #expect(mail.values("Subject") == ["The plan"])
            #expect(mail.values("Content-Type") == ["text/plain; charset=utf-8; protected-headers=\"v1\""])
            #expect(mail.values("Content-Transfer-Encoding") == ["8bit"] && mail.values("MIME-Version") == ["1.0"])
            #expect(mail.value("Guardd-Verdict")?.hasPrefix("pass; protocol=openpgp; encrypted=yes") == true)
            #expect(mail.value("Authentication-Results")?.contains("pgp=pass") == true)
            // Whoever sends it to another mailbox does not get it opened there.
            let other = try #require(found[Lab.plain])
            #expect(body(other).contains("BEGIN PGP MESSAGE") && other.values("Subject") == ["[...]"])
        }

        @Test func smimeFromOpenSSLIsDeliveredOpened() throws {
            let id = "gcm@mailbox.test"
            let found = try lab.deliver(
                id, to: [Lab.opened], smime(id, ["-aes-256-gcm"], content: Array(Self.entity.utf8)))
            let mail = try #require(found[Lab.opened])
            #expect(body(mail) == "secret w\u{F6}rds\n.dot\n" && mail.values("Subject") == ["The plan"])
            #expect(mail.value("Guardd-Verdict")?.contains("protocol=smime; encrypted=yes") == true)
        }

        /// Anybody can alter AES-CBC so that the opened text carries itself away; a signature over all of it shows that nobody
        /// did.
        @Test func whatCanBeAlteredStaysClosedUnlessASignatureInsideHolds() throws {
            let bare = "cbc@mailbox.test"
            let closed = try lab.deliver(
                bare, to: [Lab.opened], smime(bare, ["-aes-256-cbc"], content: Array(Self.entity.utf8)))
            let mail = try #require(closed[Lab.opened])
            #expect(mail.value("Content-Type")?.contains("pkcs7-mime") == true && !body(mail).contains("secret"))
            #expect(mail.value("Guardd-Verdict")?.contains("unauthenticated-cipher") == true)

            let sender = try lab.authority.issue("sender@elsewhere.test")
            try lab.authority.folder.write("inner.eml", Array(Self.entity.utf8))
            let signed = try Shell.check(
                "openssl",
                [
                    "cms", "-sign", "-binary", "-in", lab.authority.folder.file("inner.eml"), "-signer",
                    sender.certificateFile, "-inkey", sender.keyFile,
                ])
            let id = "signed-cbc@mailbox.test"
            let opened = try lab.deliver(
                id, to: [Lab.opened], smime(id, ["-aes-256-cbc"], content: canonicalLineEnds(Array(signed))))
            let inside = try #require(opened[Lab.opened])
            #expect(
                inside.value("Content-Type")?.hasPrefix("multipart/signed") == true,
                "\(inside.values("Guardd-Verdict"))")
            #expect(body(inside).contains("secret w\u{F6}rds"))
            #expect(inside.value("Guardd-Verdict")?.hasPrefix("pass; protocol=smime; encrypted=yes") == true)
        }

        @Test func mailAtRestIsReadWithGnuPG() throws {
            let id = "rest@mailbox.test"
            let raw = Array(
                (Self.fields + "Message-ID: <\(id)>\r\nContent-Type: text/html; charset=utf-8\r\n"
                    + "Content-Transfer-Encoding: 8bit\r\nGuardd-Verdict: pass\r\n\r\n<p>k\u{F6}nig</p>\r\n").utf8)
            let found = try lab.deliver(id, to: [Lab.rest, Lab.plain], raw)
            let mail = try #require(found[Lab.rest])
            #expect(mail.values("Guardd-Verdict").map { $0.prefix(5) } == ["none;"])
            #expect(!body(mail).contains("nig") && mail.value("Content-Type")?.hasPrefix("multipart/encrypted") == true)
            let opened = MailParts(try lab.gpg.decrypt(try #require(mail.armor)))
            #expect(body(opened) == "<p>k\u{F6}nig</p>\n")
            #expect(opened.values("Content-Type") == ["text/html; charset=utf-8"])
            #expect(try body(#require(found[Lab.plain])) == "<p>k\u{F6}nig</p>\n")
        }

        @Test func whatIsEncryptedAlreadyIsNotEncryptedAgain() throws {
            let id = "already@mailbox.test"
            let raw = try pgp(id, to: Lab.rest)
            let mail = try #require(try lab.deliver(id, to: [Lab.rest], raw)[Lab.rest])
            #expect(canonicalLineEnds(mail.body) == MailParts(raw).body)
        }
    }
}
