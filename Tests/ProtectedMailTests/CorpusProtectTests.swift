import Foundation
import OpenPGP
import ProtectedMail
import TestSupport
import Testing

/// Every mail of the corpora goes through encryption and comes back from independent programs byte for byte.
@Suite(.enabled(if: Corpora.isAvailable)) struct CorpusProtectTests {
    static let sets = [
        "mail-parser", "mimekit", "mime4j", "mime-is-broken", "notmuch", "deltachat", "thunderbird-mime", "eai",
        "ruby-mail", "kde-mimetreeparser", "transport-mangling", "rfc4134",
    ]

    @Test(arguments: sets) func comesBackByteIdentical(set: String) throws {
        let mails = try SignedMail.shared.get()
        let now = Timestamp(Int64(Date().timeIntervalSince1970))
        let certificate = try Certificate(parsing: mails.gpg.publicKey(mails.alice))
        let secret = try mails.gpg.secretKey(mails.alice)
        let plan = ProtectionPlan(
            recipients: certificate.encryptionKeys(at: now).prefix(1).map { EncryptionRecipient(key: $0) },
            signer: try SecretCertificate(parsing: secret).signingKey(at: now), encrypt: true, sign: true)
        var names: [String] = []
        var entities: [[UInt8]] = []
        var armored: [[UInt8]] = []
        for name in try Corpora.files(under: set) {
            let bytes = try Corpora.bytes(name)
            guard bytes.count < 2 << 20, var message = try? MessageAssembly(bytes) else { continue }
            names.append(name)
            entities.append(message.entity)
            try message.protect(plan, time: now, piece: 1 + names.count * 37)
            armored.append(try #require(MailParts([13, 10] + message.body).armor, "\(name)"))
        }
        #expect(!names.isEmpty)
        for (index, content) in try mails.gpg.decryptAll(armored).enumerated() {
            #expect(content == entities[index], "gpg: \(names[index])")
        }
        guard Shell.has("sqop") else { return }
        let folder = try TemporaryDirectory("sqop")
        let key = try folder.write("key", secret)
        for index in stride(from: 0, to: names.count, by: 5) {
            let content = try Shell.check("sqop", ["decrypt", key], input: armored[index])
            #expect(content == entities[index], "sqop: \(names[index])")
        }
    }
}
