import Foundation
import TestSupport
import Testing

extension Integration {
    @Suite struct NewUserStory {
        /// A key made over the socket, mail encrypted to it on its way, the downloaded private key opens it with gpg.
        @Test func mailToANewKeyIsReadWithTheDownloadedKey() throws {
            let (address, password) = ("nina@guard.test", "correct horse battery")
            let lab = try StoryLab(rules: [
                .init("required", recipient: "*", encrypt: "required", sign: "never", missingKey: "refuse")
            ])
            let mail = TestMail.make(from: "alice@guard.test", to: address, body: "Welcome, Nina.\r\n")
            func send() throws -> ServerReply {
                try SMTPClient.submit(
                    port: lab.postfix.port("out"), login: "alice@guard.test", from: "alice@guard.test", to: [address],
                    data: mail, parameters: "")
            }
            #expect(try send().code == 550)

            let session = try lab.session(address)
            let made = try lab.post(
                "/oxguard/keys?action=create&session=\(session)", form: ["name": "Nina", "password": password])
            #expect(made.status == 200 && made.object?["error"] == nil, "\(made.text)")
            let arrived = try lab.delivered(send())
            #expect(!arrived.text.contains("Welcome, Nina."))
            let armor = try #require(arrived.parts.armor)

            let login = try lab.post(
                "/oxguard/login?action=login&session=\(session)",
                json: ["encr_password": password, "email": address, "type": "PGP"])
            #expect(login.status == 200 && login.object?["error"] == nil, "\(login.text)")
            #expect((login.object?["auth"] as? String ?? "").count > 20, "\(login.text)")
            let wrong = try lab.post(
                "/oxguard/keys?action=downloadKey&session=\(session)",
                form: ["keyType": "private", "password": password + "!"])
            #expect(!wrong.text.contains("PRIVATE KEY BLOCK"))
            let key = try lab.post(
                "/oxguard/keys?action=downloadKey&session=\(session)",
                form: ["keyType": "private", "password": password])
            #expect(key.text.hasPrefix("-----BEGIN PGP PRIVATE KEY BLOCK-----"), "\(key.text.prefix(300))")

            let home = try GnuPGHome()
            try home.importKey(key.body)
            let opened = try home.run(
                ["--pinentry-mode", "loopback", "--passphrase", password, "--decrypt"], input: armor)
            #expect(MailParts(opened).body == Array("Welcome, Nina.\r\n".utf8))
        }
    }
}
