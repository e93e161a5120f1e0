import Guard
import HTTPTypes
import Libcrypto
import MIME
import Testing

@testable import ControlAPI

/// Guests, the support desk and lost passwords, as clients ask for them.
@Suite struct GuestOperationsTests {
    /// Remembers what was sent.
    private final class Bag: MailSender {
        private let state = Lock<[[UInt8]]>([])
        var mails: [[UInt8]] { state.withLock { $0 } }
        func send(to recipients: [EmailAddress], message: [UInt8]) throws { state.withLock { $0.append(message) } }

        /// The text of the last mail.
        func text() throws -> String {
            let last = try #require(mails.last)
            let message = try Message(parsing: last)
            let part = try #require(message.root.children.first)
            var decoder = QuotedPrintableDecoder()
            var output: [UInt8] = []
            decoder.push(Array(message.bytes[part.bodyRange]).span, into: &output)
            decoder.finish(into: &output)
            return String(decoding: output, as: UTF8.self)
        }
    }

    private func fixture(_ bag: Bag) throws -> ControlFixture {
        var settings = GuardSettings()
        settings.mail.from = Mailbox(address: try #require(EmailAddress("guard@example.org")))
        settings.recovery.isOffered = true
        settings.guests.areAllowed = true
        settings.guests.firstPage = "https://guard.example.org/?item={item}"
        var options = ControlOptions()
        options.supportUsers = [0]
        return try ControlFixture(options: options, settings: settings, ports: GuardPorts(mail: bag))
    }

    private let desk = Peer.local(user: 0, group: 0, process: 1)

    @Test func aGuestChoosesAPasswordAndLogsIn() async throws {
        let bag = Bag()
        let fixture = try fixture(bag)
        let spool = Spool()
        try spool.append(Array("From: alice@example.org\r\nSubject: s\r\n\r\nhello\r\n".utf8))
        let guest = try #require(EmailAddress("guest@partner.example"))
        try fixture.guard.hold(spool, for: [guest], from: nil, language: "")
        let text = try bag.text()
        let mark = try #require(text.firstRange(of: "item="))
        let item = text[mark.upperBound...].prefix { $0.isHexDigit }
        let first = await fixture.post(
            "/oxguard/guest?action=firstpass",
            json: "{\"email\":\"guest@partner.example\",\"itemId\":\"\(item)\",\"newpass\":\"first password\","
                + "\"question\":\"\",\"answer\":\"\"}")
        #expect(first.text.contains("\"auth\":\""))
        #expect(bag.mails.count == 2)
        let login = await fixture.post(
            "/oxguard/login?action=guest",
            json: "{\"username\":\"guest@partner.example\",\"password\":\"first password\"}")
        #expect(login.text.contains("\"min_password_length\":10") && login.text.contains("\"auth\":\""))
        let wrong = await fixture.post(
            "/oxguard/login?action=guest",
            json: "{\"username\":\"guest@partner.example\",\"password\":\"wrong password\"}")
        #expect(wrong.text.contains("PGP-CORE-0003"))
        let settings = await fixture.post(
            "/oxguard/login?action=guest", json: "{\"username\":\"nobody@partner.example\"}")
        #expect(settings.text.contains("\"auth\":\"\""))
    }

    @Test func theDeskExposesDeletedKeys() async throws {
        let fixture = try fixture(Bag())
        let session = try fixture.session("alice@example.org")
        let made = await fixture.post(
            "/oxguard/keys?action=create&session=\(session)", form: ["name": "Alice", "password": "a good password"])
        #expect(!made.text.contains("\"error\""))
        let email = ["email": "alice@example.org"]
        let path = "/guardsupport/?action="
        let early = await fixture.post(path + "expose_key", form: email, peer: desk)
        #expect(early.text.contains("GRD-KEY-0001"))
        _ = await fixture.post(path + "delete_user", form: email, peer: desk)
        let url = await fixture.post(path + "expose_key", form: email, peer: desk).text
        let token = try #require(url.split(separator: "/").last)
        let keys = await fixture.get("/guardsupport/exposed/\(token)")
        #expect(keys.text.contains("BEGIN PGP PRIVATE KEY BLOCK"))
        let unknown = await fixture.get("/guardsupport/exposed/\(String(token.reversed()))")
        #expect(unknown.status == 404)
        let stranger = await fixture.post(path + "delete_user", form: email)
        #expect([401, 403].contains(stranger.status))
    }
}
