import Foundation
import TestSupport
import Testing

extension Integration {
    /// S/MIME through a real Postfix, read and written by the openssl program.
    @Suite struct SMIME {
        let lab: Lab
        let authority: OpenSSLAuthority
        let sam: OpenSSLAuthority.Identity

        private static let shared = Result {
            let lab = try Lab.shared.get()
            let authority = try OpenSSLAuthority()
            let sam = try authority.issue("sam@required.test")
            let alice = try authority.issue(People.alice, .p256)
            try lab.guardd.importSMIME(sam.certificate, trust: "admin")
            try lab.guardd.importSMIME(alice.certificate + alice.privateKey)
            return (lab, authority, sam)
        }

        init() throws { (lab, authority, sam) = try Self.shared.get() }

        private func openssl(_ arguments: [String], _ message: [UInt8]) throws -> [UInt8] {
            let folder = try TemporaryDirectory("smime")
            try folder.write("in", message)
            try Shell.check("openssl", ["cms"] + arguments + ["-in", folder.file("in"), "-out", folder.file("out")])
            return try folder.read("out")
        }

        @Test func theRecipientDecryptsToTheOriginal() throws {
            let mail = TestMail.make(from: People.alice, to: sam.address, body: "Secret \u{fc} lunch.\r\n..x\r\n")
            let reply = try lab.sendOut(to: [sam.address], mail)
            let arrived = try lab.delivered(reply)
            #expect(!arrived.text.contains("Secret"))
            #expect(arrived.parts.value("Content-Type")?.contains("application/pkcs7-mime") == true)
            let opened = try openssl(
                ["-decrypt", "-recip", sam.certificateFile, "-inkey", sam.keyFile], Array(arrived.text.utf8))
            expectEntity(opened, equals: try lab.recorder.recorded(try #require(reply.queueID)))
        }

        @Test func recipientsOfDifferentProtocolsAreRefused() throws {
            let before = lab.sink.count
            let reply = try lab.sendOut(
                to: [People.bob, sam.address],
                TestMail.make(from: People.alice, to: "\(People.bob)>, <\(sam.address)"))
            #expect(reply.code == 550 && reply.text.contains("send to each alone"), "\(reply)")
            #expect(lab.sink.count == before)
        }
    }
}
