import Foundation
import MIME
import OpenPGP
import ProtectedMail
import TestSupport
import Testing

@Suite struct ProtectorTests {
    let mails: SignedMail
    let now = Timestamp(Int64(Date().timeIntervalSince1970))
    let recipient: EncryptionRecipient
    let signer: SigningKey

    init() throws {
        mails = try SignedMail.shared.get()
        let certificate = try Certificate(parsing: mails.gpg.publicKey(mails.alice))
        recipient = EncryptionRecipient(key: try #require(certificate.encryptionKeys(at: now).first))
        signer = try SecretCertificate(parsing: mails.gpg.secretKey(mails.alice)).signingKey(at: now)
    }

    private static let original = Array(
        """
        Received: from x\r
        Content-type:  text/plain;\r
        \tcharset="utf-8"\r
        From: <alice@example.org>\r
        CONTENT-TRANSFER-ENCODING: 8bit\r
        Subject: Gr\u{fc}\u{df}e\r
        \r
        \u{c4}pfel \r
        .\r
        From here\r
        no end
        """.utf8)

    private func armor(_ message: MessageAssembly) throws -> [UInt8] { try #require(MailParts(message.bytes).armor) }

    private func plan(encrypt: Bool, sign: Bool) -> ProtectionPlan {
        ProtectionPlan(
            recipients: encrypt ? [recipient] : [], signer: sign ? signer : nil, encrypt: encrypt, sign: sign)
    }

    @Test(arguments: [false, true]) func encryptsTheEntityAsItIs(sign: Bool) throws {
        for piece in [1, 3, 4096] {
            var message = try MessageAssembly(Self.original)
            let entity = message.entity
            try message.protect(plan(encrypt: true, sign: sign), time: now, piece: piece)
            let (content, status) = try mails.gpg.decryptWithStatus(armor(message))
            #expect(content == entity)
            #expect(status.contains("GOODSIG") == sign)
        }
    }

    @Test func outerStructure() throws {
        var message = try MessageAssembly(Self.original)
        try message.protect(plan(encrypt: true, sign: false), options: ProtectOptions(boundary: "B"), time: now)
        #expect(message.fields.map(\.name) == ["Received", "From", "Subject", "MIME-Version", "Content-Type"])
        let tree = try Message(parsing: message.bytes)
        #expect(tree.defects.filter(\.isStructural).isEmpty)
        #expect(tree.root.contentType.mediaType == "multipart/encrypted")
        #expect(tree.root.contentType.parameter("protocol") == "application/pgp-encrypted")
        #expect(
            tree.root.children.map(\.contentType.mediaType) == [
                "application/pgp-encrypted", "application/octet-stream",
            ])
        #expect(tree.body(of: tree.root.children[0]).elementsEqual("Version: 1\r\n".utf8))
        #expect(tree.root.children[1].filename == "encrypted.asc")
        let lines = message.body.split(separator: 10, omittingEmptySubsequences: false).dropLast()
        #expect(lines.allSatisfy { $0.last == 13 && $0.count <= 77 })
        var other = try MessageAssembly(Self.original)
        try other.protect(plan(encrypt: true, sign: false), time: now)
        var third = try MessageAssembly(Self.original)
        try third.protect(plan(encrypt: true, sign: false), time: now)
        #expect(other.fields.last != third.fields.last, "boundaries must not repeat")
    }

    @Test func ownInspectionAgrees() throws {
        let source = try MemorySource([mails.gpg.publicKey(mails.alice), mails.gpg.secretKey(mails.alice)])
        for (encrypt, sign, expected) in [
            (true, true, Verdict.Status.pass), (true, false, .none), (false, true, .pass),
        ] {
            var message = try MessageAssembly(Self.original)
            try message.protect(plan(encrypt: encrypt, sign: sign), time: now)
            let verdict = inspect(message: message.bytes, source: source, time: now)
            #expect(verdict.status == expected && verdict.encrypted == encrypt, "\(verdict.reasons)")
        }
    }

    @Test func emptyBodyAndNoFields() throws {
        for text in ["From: <alice@example.org>\r\n\r\n", "\r\n", "From: <alice@example.org>\r\n\r\n\r\n"] {
            var message = try MessageAssembly(Array(text.utf8))
            let entity = message.entity
            try message.protect(plan(encrypt: true, sign: true), time: now)
            #expect(try mails.gpg.decrypt(armor(message)) == entity)
        }
    }

    @Test func largeBodyGoesToASealedSpool() throws {
        var message = try MessageAssembly(Self.original)
        message.body = Array(TestMail.prose(bytes: 3 << 20).utf8)
        let entity = message.entity
        let options = ProtectOptions(spoolMemoryLimit: 64 << 10)
        let protector = try Protector(
            header: message.fields, plan: plan(encrypt: true, sign: true), time: now, options: options)
        try protector.push(message.body.span)
        let result = try protector.finish()
        #expect(result.body.isOnDisk)
        let body = try result.body.bytes()
        let armor = try #require(MailParts([13, 10] + body).armor)
        #expect(try mails.gpg.decrypt(armor) == entity)
    }

    @Test func signsWithoutEncrypting() throws {
        var message = try MessageAssembly(Self.original)
        try message.protect(plan(encrypt: false, sign: true), time: now)
        let tree = try Message(parsing: message.bytes)
        #expect(tree.root.contentType.mediaType == "multipart/signed")
        #expect(tree.root.contentType.parameter("micalg")?.hasPrefix("pgp-sha") == true)
        let content = try #require(tree.root.children.first)
        let folder = try TemporaryDirectory("sig")
        let data = try folder.write("data", Array(tree.slice(content.range)))
        let signature = try folder.write("sig", tree.decodedBody(of: tree.root.children[1]).bytes)
        try mails.gpg.run(["--verify", signature, data])
        #expect(tree.slice(content.range).allSatisfy { $0 < 0x80 })
        #expect(
            tree.decodedBody(of: content).bytes.elementsEqual(
                Self.original.suffix(tree.decodedBody(of: content).bytes.count)))
    }

    @Test func plansThatCannotBe() throws {
        let header = try MessageAssembly(Self.original).fields
        func code(_ plan: ProtectionPlan) -> ProtectedMailError.Code? {
            do {
                _ = try Protector(header: header, plan: plan, time: now)
                return nil
            } catch { return (error as? ProtectedMailError)?.code }
        }
        #expect(code(ProtectionPlan(encrypt: false, sign: false)) == .emptyPlan)
        #expect(code(ProtectionPlan(encrypt: true, sign: false)) == .noRecipients)
        #expect(code(ProtectionPlan(encrypt: false, sign: true)) == .noSigner)
        #expect(code(ProtectionPlan(recipients: [recipient], encrypt: true, sign: true)) == .noSigner)
        let protector = try Protector(header: header, plan: plan(encrypt: true, sign: false), time: now)
        _ = try protector.finish()
        #expect(throws: ProtectedMailError(.finished, "")) { _ = try protector.finish() }
    }
}
