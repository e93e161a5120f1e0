import CMS
import Foundation
import Libcrypto
import MIME
import OpenPGP
import ProtectedMail
import TestSupport
import Testing

/// What guardd writes as S/MIME is what the openssl program reads.
@Suite struct SMIMEProtectTests {
    static let now = Timestamp(Int64(Date().timeIntervalSince1970))
    private static let shared = Result { try Identities() }

    private struct Identities {
        let authority: OpenSSLAuthority
        let people: [OpenSSLAuthority.Kind: OpenSSLAuthority.Identity]

        init() throws {
            authority = try OpenSSLAuthority()
            var people: [OpenSSLAuthority.Kind: OpenSSLAuthority.Identity] = [:]
            for kind in OpenSSLAuthority.Kind.allCases { people[kind] = try authority.issue("alice@example.org", kind) }
            self.people = people
        }
    }

    private let authority: OpenSSLAuthority
    private let people: [OpenSSLAuthority.Kind: OpenSSLAuthority.Identity]
    private let folder: TemporaryDirectory

    init() throws {
        let identities = try Self.shared.get()
        (authority, people) = (identities.authority, identities.people)
        folder = try TemporaryDirectory("smime")
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

    private func certificate(_ person: OpenSSLAuthority.Identity) throws -> X509Certificate {
        try X509Certificate(pem: person.certificate)
    }

    private func signer(_ person: OpenSSLAuthority.Identity) throws -> CMSSigner {
        try CMSSigner(
            certificate: certificate(person), privateKey: CMSPrivateKey(SecretBytes(copying: person.privateKey)))
    }

    private func openssl(_ arguments: [String], _ message: [UInt8]) throws -> [UInt8] {
        try folder.write("in", message)
        try Shell.check("openssl", ["cms"] + arguments + ["-in", folder.file("in"), "-out", folder.file("out")])
        return try folder.read("out")
    }

    private func decrypt(_ message: [UInt8], _ person: OpenSSLAuthority.Identity) throws -> [UInt8] {
        try openssl(["-decrypt", "-recip", person.certificateFile, "-inkey", person.keyFile], message)
    }

    private func verify(_ message: [UInt8]) throws -> [UInt8] {
        try openssl(["-verify", "-CAfile", authority.certificateFile], message)
    }

    @Test(arguments: [nil, SMIMECapabilities.own]) func encryptsTheEntityAsItIs(_ capabilities: SMIMECapabilities?)
        throws
    {
        let recipients = try people.values.map {
            SMIMERecipient(certificate: try certificate($0), capabilities: capabilities)
        }
        for piece in [1, 7, 4096] {
            var message = try MessageAssembly(Self.original)
            let entity = message.entity
            try message.protect(.smime(SMIMEPlan(recipients: recipients)), time: Self.now, piece: piece)
            let type = try Message(parsing: message.bytes).root.contentType
            #expect(type.mediaType == "application/pkcs7-mime")
            #expect(type.parameter("smime-type") == (capabilities == nil ? "enveloped-data" : "authEnveloped-data"))
            for person in people.values { #expect(try decrypt(message.bytes, person) == entity) }
        }
    }

    @Test(arguments: OpenSSLAuthority.Kind.allCases) func signsAndEncrypts(_ kind: OpenSSLAuthority.Kind) throws {
        let person = try #require(people[kind])
        var message = try MessageAssembly(Self.original)
        let entity = message.entity
        let plan = SMIMEPlan(
            recipients: [SMIMERecipient(certificate: try certificate(person))], signer: try signer(person))
        try message.protect(.smime(plan), time: Self.now, piece: 5)
        #expect(message.fields.map(\.name).filter { $0.lowercased().hasPrefix("content-") }.count == 4)
        let inner = try decrypt(message.bytes, person)
        #expect(try Message(parsing: inner).root.contentType.parameter("protocol") == "application/pkcs7-signature")
        #expect(try verify(inner) == entity)
    }

    @Test(arguments: OpenSSLAuthority.Kind.allCases, SMIMEPlan.SignatureForm.allCases)
    func signs(_ kind: OpenSSLAuthority.Kind, _ form: SMIMEPlan.SignatureForm) throws {
        let person = try #require(people[kind])
        var message = try MessageAssembly(Self.original)
        let entity = message.entity
        try message.protect(
            .smime(SMIMEPlan(signer: try signer(person), signatureForm: form)), time: Self.now, piece: 3)
        let signed = try verify(message.bytes)
        if form == .opaque {
            #expect(signed == entity)
        } else {
            // 7-bit on the way, the same text after decoding.
            #expect(
                message.bytes.allSatisfy {
                    $0 < 0x80 || message.fields.contains { $0.rawValue.contains { $0 >= 0x80 } }
                })
            let tree = try Message(parsing: signed)
            #expect(Array(tree.decodedBody(of: tree.root).bytes) == message.bodyOfOriginal(Self.original))
        }
        var changed = message
        changed.body[changed.body.count / 3] ^= 1
        #expect(throws: (any Error).self) { try verify(changed.bytes) }
    }

    /// What we write passes before ourselves, in every form, and tells what we can read.
    @Test(arguments: SMIMEPlan.SignatureForm.allCases, [false, true])
    func passesBeforeOurselves(_ form: SMIMEPlan.SignatureForm, _ isEncrypted: Bool) throws {
        let person = try #require(people[.p256])
        var source = MemorySource()
        try source.trust([authority.folder.read("ca.pem")])
        source.smimeSecrets = [
            CMSDecryptionKey(
                certificate: try certificate(person),
                privateKey: try CMSPrivateKey(SecretBytes(copying: person.privateKey)))
        ]
        let recipients = isEncrypted ? [SMIMERecipient(certificate: try certificate(person))] : []
        var message = try MessageAssembly(Self.original)
        try message.protect(
            .smime(SMIMEPlan(recipients: recipients, signer: try signer(person), signatureForm: form)), time: Self.now)
        let verdict = inspect(message: message.bytes, source: source, time: Self.now)
        #expect(verdict.status == .pass, "\(verdict.reasons)")
        #expect(verdict.encrypted == isEncrypted)
        #expect(verdict.signatures.first?.capabilities == .own)
        #expect(verdict.signatures.first?.certificate == (try certificate(person)))
    }

    @Test func refusesPlansForNothing() throws {
        let fields = try MessageAssembly(Self.original).fields
        #expect(throws: ProtectedMailError(.emptyPlan, "")) {
            try Protector(header: fields, protection: .smime(SMIMEPlan()), time: Self.now)
        }
    }
}

extension MessageAssembly {
    fileprivate func bodyOfOriginal(_ original: [UInt8]) -> [UInt8] {
        (try? MessageAssembly(original))?.body ?? []
    }
}
