import Foundation
import MIME
import ProtectedMail
import TestSupport
import Testing

@Suite struct AlreadyProtectedWalkerTests {
    let mails: SignedMail

    init() throws { mails = try SignedMail.shared.get() }

    /// nil: not even a candidate. The same in pieces of any size.
    private func verdict(_ mail: [UInt8]) throws -> AlreadyProtectedWalker.Verdict? {
        let (header, body) = try splitMessage(mail)
        var results: [AlreadyProtectedWalker.Verdict?] = []
        for piece in [1, 13, 1 << 20] {
            let walker = AlreadyProtectedWalker(header: header)
            for start in stride(from: 0, to: body.count, by: piece) {
                walker?.push(body[start..<min(body.count, start + piece)].span)
            }
            results.append(walker?.finish())
        }
        #expect(Set(results).count == 1, "\(results)")
        return results[0]
    }

    private func armor(_ arguments: [String] = [], _ text: String = "secret\n") throws -> String {
        String(
            decoding: try mails.gpg.run(
                ["--armor", "--encrypt", "--recipient", mails.alice] + arguments, input: Array(text.utf8)),
            as: UTF8.self)
    }

    @Test func pgpMIME() throws {
        #expect(try verdict(mails.encrypted()) == .protected)
        #expect(try verdict(mails.encrypted(signer: mails.alice)) == .protected)
        let text = String(decoding: try mails.encrypted(), as: UTF8.self)
        let clear = SignedMail.multipartEncrypted(from: mails.alice, armor: "not encrypted at all")
        #expect(try verdict(clear) != .protected)
        let signed = String(decoding: try mails.gpg.run(["--armor", "--sign"], input: [65]), as: UTF8.self)
        #expect(try verdict(SignedMail.multipartEncrypted(from: mails.alice, armor: signed)) == .notProtected)
        for (change, to) in [
            ("--enc--", "--enc\r\nContent-Type: text/plain\r\n\r\nclear\r\n--enc--"),
            ("--enc--\r\n", "--enc--\r\nYou are fired.\r\n"), ("Version: 1\r\n", "Version: 1\r\nclear text\r\n"),
            ("Version: 1\r\n", "clear text\r\n"), ("--enc--\r\n", ""), ("-----END PGP MESSAGE-----", "clear text"),
            ("-----END PGP MESSAGE-----", "-----END PGP MESSAGE-----\r\nclear text"),
        ] {
            #expect(try verdict(Array(text.replacingOccurrences(of: change, with: to).utf8)) != .protected, "\(to)")
        }
        let twice = text.replacingOccurrences(
            of: "MIME-Version: 1.0", with: "MIME-Version: 1.0\r\nContent-Type: text/plain")
        #expect(try verdict(Array(twice.utf8)) == nil)
    }

    @Test func inlineArmor() throws {
        let armor = try armor()
        #expect(try verdict(mails.inline(armor)) == .protected)
        #expect(try verdict(mails.inline("\r\n" + armor + "\r\n\r\n")) == .protected)
        #expect(try verdict(mails.inline("Dear Bob,\r\n" + armor)) != .protected)
        #expect(try verdict(mails.inline(armor + "clear text\r\n")) != .protected)
        #expect(try verdict(mails.inline(mails.clearSigned("clear\n"))) != .protected)
        #expect(try verdict(mails.inline(armor + armor)) != .protected)
        #expect(try verdict(mails.inline("")) != .protected)
        let quoted = armor.replacingOccurrences(of: "=", with: "=3D").replacingOccurrences(of: "\n", with: "\r\n")
        #expect(
            try verdict(mails.inline(quoted, fields: ["Content-Transfer-Encoding: quoted-printable"])) == .protected)
    }

    @Test func smime() throws {
        let folder = try TemporaryDirectory("smime")
        let (key, certificate) = (folder.file("key"), folder.file("cert"))
        try Shell.check(
            "openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key,
                "-out", certificate,
            ]
                + ["-days", "2", "-subj", "/CN=test"])
        let text = try folder.write("text", Array("Content-Type: text/plain\r\n\r\nsecret\r\n".utf8))
        for arguments in [["-encrypt", "-aes256"], ["-encrypt", "-aes256", "-stream"], ["-encrypt", "-aes-256-gcm"]] {
            let body = try Shell.check(
                "openssl", ["cms"] + arguments + ["-in", text, "-outform", "DER", certificate])
            let base64 = Data(body).base64EncodedString(options: [.lineLength76Characters, .endLineWithLineFeed])
            let mail = { (type: String, content: String) in
                SignedMail.mail(
                    from: mails.alice,
                    entity: "Content-Type: application/pkcs7-mime; smime-type=\(type)\r\n"
                        + "Content-Transfer-Encoding: base64\r\n\r\n\(content)\r\n")
            }
            #expect(try verdict(mail("enveloped-data", base64)) == .protected, "\(arguments)")
            #expect(try verdict(mail("signed-data", base64)) == nil)
            let longer = Data(body + Array("clear text".utf8)).base64EncodedString(options: .lineLength76Characters)
            #expect(try verdict(mail("enveloped-data", longer)) != .protected)
            #expect(try verdict(mail("enveloped-data", "Y2xlYXIgdGV4dA==")) != .protected)
        }
    }

    @Test func noCandidates() throws {
        for type in ["text/html", "multipart/mixed; boundary=b", "application/pdf", "multipart/encrypted; boundary=b"] {
            #expect(
                try verdict(SignedMail.mail(from: mails.alice, entity: "Content-Type: \(type)\r\n\r\nx\r\n")) == nil)
        }
    }
}
