import Guard
import Libcrypto
import MIME
import TestSupport
import Testing

@testable import ControlAPI

/// Guessing at sessions: how often one peer may make guardd ask whoever else issues them.
@Suite struct SessionGuessTests {
    /// Knows one session and counts who asks.
    private final class Issuer: SessionResolver {
        let asked = Lock(0)
        func resolve(session: String) throws -> ResolvedSession? {
            asked.withLock { $0 += 1 }
            guard session == "issued-elsewhere-1", let mailbox = EmailAddress("bob@example.org") else { return nil }
            return ResolvedSession(mailbox: mailbox, isGuest: false)
        }
    }

    private let issuer = Issuer()
    private let fixture: ControlFixture
    private let guesser = Peer.local(user: 1000, group: 1000, process: 1)

    init() throws {
        var settings = GuardSettings()
        settings.sessions.guessesPerMinute = 20
        fixture = try ControlFixture(settings: settings, ports: GuardPorts(sessions: issuer))
    }

    private func ask(_ session: String, _ peer: Peer) async -> TestReply {
        await fixture.get("/oxguard/keys?action=hasKeys&session=\(session)", peer: peer)
    }

    @Test func onePeerIsHeldBackAndNobodyElse() async throws {
        let own = try fixture.session("alice@example.org")
        for number in 0..<100 {
            let reply = await ask("guessed-session-\(number)", guesser)
            #expect(reply.code == "GRD-AUTH-0001")
            #expect((reply.reply.fields[.retryAfter] != nil) == (number >= 20), "\(number)")
        }
        #expect(issuer.asked.withLock { $0 } == 20)
        // A session of ours costs nobody anything; one of theirs waits.
        #expect(await ask(own, guesser).code == nil)
        #expect(await ask("issued-elsewhere-1", guesser).code == "GRD-AUTH-0001")
        for peer in [Peer.local(user: 1001, group: 1000, process: 1), .network("192.0.2.1")] {
            #expect(await ask("issued-elsewhere-1", peer).code == nil)
        }
        fixture.pass(seconds: 60)
        #expect(await ask("issued-elsewhere-2", guesser).reply.fields[.retryAfter] == nil)
    }

    @Test func guessesInTheBodyAndAtGuestsCountAsWell() async throws {
        for number in 0..<20 {
            let reply =
                number % 2 == 0
                ? await fixture.post(
                    "/oxguard/keys?action=setCurrentKey", form: ["session": "guessed-session-\(number)", "keyid": "1"],
                    peer: guesser)
                : await fixture.post(
                    "/oxguard/auth?action=login", json: "{\"session\":\"guessed-session-\(number)\"}", peer: guesser)
            #expect(reply.code == "GRD-AUTH-0001", "\(reply.text)")
        }
        #expect(await ask("guessed-session-x", guesser).reply.fields[.retryAfter] != nil)
        #expect(issuer.asked.withLock { $0 } == 20)
    }

    /// What differs from a right identifier in anything is wrong: it is no name in any case, and nothing is cut off.
    @Test func nearlyRightIsWrong() async throws {
        let session = try fixture.session("alice@example.org")
        for wrong in [
            String(session.dropLast()), session + "A", session.lowercased(), "%20" + session, session + "%20",
            session + "=", String(session.reversed()), session + "%2e" + session,
        ] {
            #expect(await ask(wrong, .unknown).code == "GRD-AUTH-0001", "\(wrong)")
        }
        #expect(await ask(session, .unknown).code == nil)
    }
}
