import MailFlow
import Testing

@Suite struct LadderTests {
    private func rung(_ mail: Mail, _ change: (inout Policy) -> Void = { _ in }) throws -> (Rung?, Direction?) {
        let harness = try Harness()
        change(&harness.policy)
        let record = harness.send(mail).record
        return (record?.rung, record?.direction)
    }

    @Test func rungsInTheirOrder() throws {
        let trusted = try Network("198.51.100.0/24")
        var mail = Mail()
        #expect(try rung(mail) == (.otherwise, .inbound))
        #expect(try rung(mail) { $0.ladder.trustedNetworks = [trusted] } == (.trustedNetwork, .outbound))
        mail.cameBySMTP = false
        #expect(try rung(mail) { $0.ladder.trustedNetworks = [trusted] } == (.local, .outbound))
        mail.certificate = "client"
        #expect(try rung(mail) == (.local, .outbound))
        #expect(try rung(mail) { $0.ladder.clientCertificate = true } == (.certificate, .outbound))
        mail.login = "alice@example.org"
        #expect(try rung(mail) { $0.ladder.clientCertificate = true } == (.login, .outbound))
        mail.daemon = "ORIGINATING"
        #expect(try rung(mail) == (.daemonName, .outbound))
    }

    @Test func everyRungCanBeSwitchedOff() throws {
        var mail = Mail()
        mail.daemon = "ORIGINATING"
        mail.login = "alice@example.org"
        mail.cameBySMTP = false
        let result = try rung(mail) {
            $0.ladder.outboundDaemons = []
            $0.ladder.login = false
            $0.ladder.local = false
        }
        #expect(result == (.otherwise, .inbound))
    }
}
