import Libcrypto
import MIME
import OpenPGP
import ProtectedMail
import Testing

@testable import MailFlow

@Suite struct SessionOrderTests {
    @Test func oneConnectionCarriesManyMessages() throws {
        let records = Lock<[MessageRecord]>([])
        let policy = Policy(authservID: "g.example")
        let session = Session(
            context: SessionContext(
                policy: policy, keys: MemoryDirectory(), now: { People.time },
                log: { record in records.withLock { $0.append(record) } }))
        _ = session.connected(host: "h", address: nil, macros: Macros())
        _ = session.sender(Array("<a@b.example>".utf8), arguments: [], macros: Macros(["{auth_authen}": "a@b.example"]))
        session.aborted()
        _ = session.sender(Array("<a@b.example>".utf8), arguments: [], macros: Macros())
        _ = session.recipient(Array("<c@d.example>".utf8), arguments: [], macros: Macros(["rcpt_mailer": "smtp"]))
        _ = session.endOfHeaders(macros: Macros())
        _ = session.endOfMessage(macros: Macros())
        session.closed()
        let found = records.withLock { $0 }
        #expect(found.map(\.result) == [.aborted, .inspected])
        // The login of the first message is not that of the second.
        #expect(found.last?.rung == .otherwise)
    }

    @Test func withoutAMessageNothingIsAccepted() throws {
        let session = Session(
            context: SessionContext(
                policy: Policy(authservID: "g"), keys: MemoryDirectory(), now: { People.time }, log: { _ in }))
        guard case .tempfail = session.endOfMessage(macros: Macros()).reply else {
            Issue.record("an end without a beginning must be deferred")
            return
        }
    }
}
