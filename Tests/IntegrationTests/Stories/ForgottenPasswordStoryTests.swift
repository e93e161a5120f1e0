import Foundation
import TestSupport
import Testing

extension Integration {
    @Suite struct ForgottenPasswordStory {
        /// A new password leaves through the very Postfix whose rules encrypt everything, and opens what came before.
        @Test func aNewPasswordOpensOldMail() throws {
            let (address, secondary, password) = ("nina@guard.test", "nina@elsewhere.test", "correct horse battery")
            let lab = try StoryLab(
                rules: [.init("required", recipient: "*", encrypt: "required", sign: "never", missingKey: "refuse")],
                tables: { out in
                    """
                    [guard.recovery]
                    offered = true

                    [guard.mail]
                    smtp = "127.0.0.1:\(out)"
                    from = "guard@guard.test"

                    """
                })
            let session = try lab.session(address)
            let made = try lab.post(
                "/oxguard/keys?action=create&session=\(session)",
                form: ["name": "Nina", "password": password, "email": secondary])
            #expect(made.isSuccess, "\(made.text)")
            let old = try lab.delivered(lab.send(from: "alice@guard.test", to: address, body: "Before.\r\n"))

            let reset = try lab.post("/oxguard/login?action=reset&session=\(session)")
            #expect(reset.isSuccess, "\(reset.text) \(lab.guardd.log.suffix(2000))")
            let mail = try lab.sink.message(to: secondary)
            #expect(mail.parts.value("From")?.contains("guard@guard.test") == true)
            let new = try mail.word(after: "It is:\r\n\r\n") { $0.isLetter || $0.isNumber }
            #expect(new.count == 16, "\(mail.text)")

            func login(_ password: String) throws -> StoryReply {
                try lab.post(
                    "/oxguard/login?action=login&session=\(session)", json: ["encr_password": password])
            }
            #expect(try login(password).code == "PGP-CORE-0003")
            let right = try login(new)
            #expect(right.isSuccess && (right.object?["auth"] as? String ?? "").count > 20, "\(right.text)")
            func key(_ password: String) throws -> StoryReply {
                try lab.post(
                    "/oxguard/keys?action=downloadKey&session=\(session)",
                    form: ["keyType": "private", "password": password])
            }
            #expect(try key(password).code == "PGP-CORE-0003")
            let home = try GnuPGHome()
            try home.importKey(key(new).body)
            #expect(try home.body(of: old, password: new) == "Before.\r\n")
        }
    }
}
