import Foundation
import TestSupport
import Testing

extension Integration {
    @Suite struct CertificateStory {
        /// A certificate that openssl packed signs its owner's mail while their password was given, as openssl and guardd
        /// itself attest.
        @Test func anUploadedCertificateSigns() throws {
            let (address, password) = ("sara@guard.test", "correct horse battery")
            let authority = try OpenSSLAuthority()
            let anchors = try TemporaryDirectory("anchors", mode: 0o755)
            let anchor = try anchors.write("ca.pem", authority.folder.read("ca.pem"), mode: 0o644)
            let lab = try StoryLab(
                rules: [.init("sign", recipient: "*", encrypt: "never", sign: "if-key")],
                settings: ["smime": "{ trust = [\"\(anchor)\"] }"])
            let identity = try authority.issue(address)
            let bundle = authority.folder.file("sara.p12")
            try Shell.check(
                "openssl",
                [
                    "pkcs12", "-export", "-in", identity.certificateFile, "-inkey", identity.keyFile, "-passout",
                    "pass:bundle", "-out", bundle,
                ])
            let session = try lab.session(address)
            let wrong = try lab.post(
                "/oxguard/certificates?action=upload&session=\(session)",
                parts: [
                    ("certificate", authority.folder.read("sara.p12")), ("password", Array("bungle".utf8)),
                    ("newPassword", Array(password.utf8)),
                ])
            #expect(wrong.code == "PGP-CORE-0003", "\(wrong.text)")
            let uploaded = try lab.post(
                "/oxguard/certificates?action=upload&session=\(session)",
                parts: [
                    ("certificate", authority.folder.read("sara.p12")), ("password", Array("bundle".utf8)),
                    ("newPassword", Array(password.utf8)),
                ])
            #expect(uploaded.isSuccess, "\(uploaded.text)")
            func arrived() throws -> DeliveredMessage {
                try lab.delivered(lab.send(from: address, to: "x@elsewhere.test", body: "Yours, Sara.\r\n"))
            }
            func isSigned(_ message: DeliveredMessage) -> Bool {
                message.parts.value("Content-Type")?.hasPrefix("multipart/signed") == true
            }
            #expect(try !isSigned(arrived()))
            let attached = try lab.post(
                "/oxguard/auth?action=login&type=SMIME&session=\(session)",
                json: ["password": password, "minutesValid": 60])
            #expect(attached.isSuccess, "\(attached.text)")
            let message = try arrived()
            #expect(isSigned(message))
            let content = try Shell.check(
                "openssl", ["cms", "-verify", "-CAfile", authority.certificateFile, "-purpose", "smimesign"],
                input: message.data)
            #expect(MailParts(content).body == Array("Yours, Sara.\r\n".utf8))

            func verdict(_ mail: [UInt8]) throws -> String {
                let arrived = try lab.receive(mail, from: address, to: "carl@guard.test")
                return try #require(arrived.parts.value("Guardd-Verdict"))
            }
            let good = try verdict(message.data)
            #expect(good.hasPrefix("pass; protocol=smime;") && good.contains("signer=\(address); trust=ca;"), "\(good)")
            let changed = message.text.replacingOccurrences(of: "Yours, Sara.", with: "Yours, Zara.")
            #expect(try verdict(Array(changed.utf8)).hasPrefix("fail;"))

            let out = try lab.get("/oxguard/login?action=logout&session=\(session)")
            #expect(out.isSuccess, "\(out.text)")
            #expect(try !isSigned(arrived()))
        }
    }
}
