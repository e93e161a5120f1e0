import Foundation
import TestSupport
import Testing

extension Integration {
    @Suite struct AutocryptStory {
        /// A key that came in a mail encrypts where that is a favour; once its owner is made sure of, it satisfies what is
        /// required and verifies.
        @Test func aKeyFromAMailCountsInFullOnceVerified() throws {
            let (address, bob) = ("alice@guard.test", "bob@partner.test")
            let lab = try StoryLab(rules: [
                .init(
                    "secret", recipient: "*", encrypt: "required", sign: "never", missingKey: "refuse",
                    more: [("header", "[\"X-Secret\"]")]),
                .init(
                    "favour", recipient: "*", encrypt: "opportunistic", sign: "never", missingKey: "send-clear"),
            ])
            let home = try GnuPGHome()
            try home.generate(bob)
            let keydata = Data(try home.run(["--export-options", "export-minimal", "--export", bob]))
                .base64EncodedString(options: [
                    .lineLength76Characters, .endLineWithCarriageReturn, .endLineWithLineFeed,
                ])
                .replacingOccurrences(of: "\r\n", with: "\r\n ")
            let letter = try TestMail.signed(
                entity: Array("Content-Type: text/plain\r\n\r\nWrite to me in secret.\r\n".utf8), from: bob,
                to: address, fields: ["Autocrypt: addr=\(bob); prefer-encrypt=mutual; keydata=\r\n \(keydata)"],
                with: home)
            func verdict() throws -> (DeliveredMessage, String) {
                let arrived = try lab.receive(letter, from: bob, to: address)
                return (arrived, try #require(arrived.parts.value("Guardd-Verdict")))
            }
            let (arrived, unknown) = try verdict()
            #expect(!unknown.hasPrefix("pass;"), "\(unknown)")
            let clear = try lab.delivered(lab.send(from: address, to: bob, body: "Not yet.\r\n"))
            #expect(clear.text.contains("Not yet."))

            let session = try lab.session(address)
            let taken = try lab.post(
                "/oxguard/keys?action=importAutocrypt&session=\(session)",
                form: [
                    "header": try #require(arrived.parts.value("Autocrypt")),
                    "sent_date": try #require(arrived.parts.value("Date")), "add": "true",
                ])
            let result = try #require(taken.object?["data"] as? [String: Any], "\(taken.text)")
            #expect(result["added"] as? Bool == true && result["new"] as? Bool == true, "\(taken.text)")
            func isRead(_ fields: [String] = []) throws {
                let text = "As you wish.\r\n"
                let arrived = try lab.delivered(lab.send(from: address, to: bob, body: text, fields: fields))
                #expect(!arrived.text.contains("As you wish."))
                #expect(try home.body(of: arrived, password: "") == text)
            }
            let secret = ["X-Secret: yes"]
            func setVerified(_ isVerified: Bool) throws {
                let set = try lab.post(
                    "/oxguard/keys?action=verifyAutocrypt&session=\(session)",
                    form: ["keyids": home.fingerprint(bob), "verified": String(isVerified)])
                #expect(set.isSuccess, "\(set.text)")
            }
            for isVerified in [false, true, false] {
                try setVerified(isVerified)
                try isRead()
                let found = try verdict().1
                #expect(found.hasPrefix(isVerified ? "pass;" : "policy;"), "\(found)")
                if isVerified {
                    try isRead(secret)
                } else {
                    #expect(found.contains("reason=untrusted-key"), "\(found)")
                    #expect(try lab.send(from: address, to: bob, fields: secret).code == 550)
                }
            }
        }
    }
}
