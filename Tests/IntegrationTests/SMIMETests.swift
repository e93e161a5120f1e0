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
            let authority = lab.authority
            let sam = try authority.issue("sam@required.test")
            let alice = try authority.issue(People.alice, .p256)
            try lab.guardd.importSMIME(sam.certificate)
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

        private func signed(_ signer: OpenSSLAuthority.Identity, from address: String) throws -> [UInt8] {
            try openssl(
                [
                    "-sign", "-signer", signer.certificateFile, "-inkey", signer.keyFile, "-md", "sha256", "-crlfeol",
                    "-from", address, "-to", People.alice, "-subject", "signed",
                ], Array("Content-Type: text/plain\r\n\r\nI owe you ten.\r\n".utf8))
        }

        private func results(_ mail: [UInt8], from sender: String) throws -> String {
            let arrived = try lab.delivered(lab.sendIn(from: sender, to: People.alice, mail))
            return arrived.parts.values("Authentication-Results").filter { $0.contains(GuardDaemon.authservID) }
                .joined()
        }

        @Test func signedMailPassesAndItsSignerCanBeAnswered() throws {
            let tim = try authority.issue("tim@partner.test", .p256)
            let mail = try signed(tim, from: tim.address)
            #expect(try results(mail, from: tim.address).contains("smime=pass"))
            let changed = String(decoding: mail, as: UTF8.self).replacingOccurrences(
                of: "owe you ten", with: "owe you six")
            #expect(try results(Array(changed.utf8), from: tim.address).contains("smime=fail"))
            // Somebody else's good signature.
            #expect(
                !(try results(signed(tim, from: "eve@partner.test"), from: "eve@partner.test").contains("smime=pass")))
            let unknown = try OpenSSLAuthority()
            let stranger = try unknown.issue("ann@partner.test", .p256)
            #expect(
                !(try results(signed(stranger, from: stranger.address), from: stranger.address).contains("smime=pass")))

            let reply = try lab.sendOut(
                to: [tim.address], TestMail.make(from: People.alice, to: tim.address, body: "Thanks.\r\n"))
            let opened = try openssl(
                ["-decrypt", "-recip", tim.certificateFile, "-inkey", tim.keyFile],
                Array(lab.delivered(reply).text.utf8))
            expectEntity(opened, equals: try lab.recorder.recorded(try #require(reply.queueID)))
            let refused = try lab.sendOut(
                to: [stranger.address], TestMail.make(from: People.alice, to: stranger.address))
            #expect(refused.code == 550, "\(refused)")
            withExtendedLifetime(unknown) {}
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
