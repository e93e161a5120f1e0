import Foundation
import TestSupport
import Testing

extension Integration {
    @Suite struct GuestStory {
        /// Mail to somebody without a key waits until they have chosen a password with the sender's PIN, then arrives
        /// encrypted; the next one at once.
        @Test func aGuestReadsWhatWaited() throws {
            let (address, guest, password) = ("alice@guard.test", "gus@partner.test", "correct horse battery")
            let lab = try StoryLab(
                rules: [.init("guests", recipient: "*", encrypt: "required", sign: "never", missingKey: "guest")],
                tables: { out in
                    """
                    [guard.mail]
                    smtp = "127.0.0.1:\(out)"
                    from = "guard@guard.test"

                    [guard.guests]
                    allowed = true
                    first_page = "https://guest.guard.test/?email={email}&item={item}"
                    pin = true

                    """
                })
            let sent = try lab.send(from: address, to: guest, body: "Dear Gus.\r\n")
            #expect(sent.isPositive, "\(sent)\n\(lab.guardd.log.suffix(2000))")
            let invitation = try lab.sink.message(to: guest)
            let item = try invitation.word(after: "item=") { $0.isHexDigit }
            #expect(item.count == 64 && !invitation.text.contains("Dear Gus."), "\(invitation.text)")
            let pin = try lab.sink.message(to: address).word(after: "PIN:\r\n\r\n") { $0.isNumber }
            #expect(pin.count == 4)

            func choose(_ pin: String) throws -> StoryReply {
                try lab.post(
                    "/oxguard/guest?action=firstpass",
                    json: [
                        "email": guest, "itemId": item, "newpass": password, "question": "", "answer": "", "pin": pin,
                    ])
            }
            let wrong = try choose(pin == "0000" ? "0001" : "0000")
            #expect(wrong.code == "GRD-GUEST-0002", "\(wrong.text)")
            #expect(lab.sink.messages.count { $0.recipients == [guest] } == 1)
            let chosen = try choose(pin)
            let auth = try #require(chosen.object?["auth"] as? String, "\(chosen.text)")
            let waited = try lab.sink.wait(2) { $0.recipients == [guest] }[1]
            #expect(waited.sender == "guard@guard.test" && !waited.text.contains("Dear Gus."))
            #expect(try choose(pin).code == "GRD-GUEST-0002")

            // The page fetches the key with the session that is in the answer.
            let session = try #require(auth.split(separator: ".").first)
            let key = try lab.post(
                "/oxguard/keys?action=downloadKey&session=\(session)",
                form: ["keyType": "private", "password": password])
            let home = try GnuPGHome()
            try home.importKey(key.body)
            #expect(try home.body(of: waited, password: password) == "Dear Gus.\r\n")
            let next = try lab.delivered(lab.send(from: address, to: guest, body: "Dear Gus again.\r\n"))
            #expect(try home.body(of: next, password: password) == "Dear Gus again.\r\n")
        }
    }
}
