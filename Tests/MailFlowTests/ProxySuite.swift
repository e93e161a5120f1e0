import Libcrypto
import MIME
import OpenPGP
import ProtectedMail
import Testing

@testable import MailFlow

/// Sends messages through a proxy, in pieces.
protocol ProxySuite {}

/// What came of a message.
struct ProxyArrival {
    let groups: [ProxyGroup]
    let records: [MessageRecord]

    /// The only outcome for the recipient at a position.
    func outcome(_ position: Int) throws -> ProxyGroup.Outcome {
        let found = groups.filter { $0.positions.contains(position) }
        #expect(found.count == 1, "recipient \(position)")
        return try #require(found.first).outcome
    }

    func released(_ position: Int) throws -> Released {
        guard case .released(let released) = try outcome(position) else {
            throw MailFlowError(.clearText, "recipient \(position): \(try outcome(position))")
        }
        return released
    }

    func refusal(_ position: Int) throws -> String? {
        guard case .refused(let reply) = try outcome(position) else { return nil }
        return "\(reply.code) \(reply.enhanced)"
    }
}

extension ProxySuite {
    func text(_ released: Released) throws -> String {
        String(decoding: released.header + [13, 10] + (try released.body.bytes()), as: UTF8.self)
    }

    func stream(_ mail: Mail) -> [UInt8] {
        let header = mail.header.map {
            "\($0.0):\($0.1.replacing("\r\n", with: "\n").replacing("\n", with: "\r\n"))\r\n"
        }
        return Array((header.joined() + "\r\n" + mail.body).utf8)
    }

    func context(_ harness: Harness, _ records: Lock<[MessageRecord]>) -> SessionContext {
        let now = harness.now
        let isDraining = harness.isDraining
        return SessionContext(
            policy: harness.policy, keys: harness.keys, now: { now },
            log: { record in records.withLock { $0.append(record) } }, budget: harness.budget,
            isDraining: { isDraining }, markerKey: harness.markerKey, guests: harness.guests)
    }

    func send(
        _ mail: Mail, _ harness: Harness, _ declaration: ProxyDeclaration = .init(direction: .outbound),
        isBodyRepaired: Bool = false, raw: [UInt8]? = nil
    ) throws -> ProxyArrival {
        let records = Lock<[MessageRecord]>([])
        var groups: [ProxyGroup] = []
        do {
            let message = ProxyMessage(
                context: context(harness, records), declaration: declaration, client: ClientAddress("127.0.0.1"),
                queueID: "QUEUE1")
            message.trace = [("ADDR", "192.0.2.1")]
            #expect(message.sender(Array(mail.from.utf8), mail.parameters.map { Array($0.utf8) }) == nil)
            for recipient in mail.to { message.recipient(Array(recipient.utf8), []) }
            let bytes = raw ?? stream(mail)
            for start in stride(from: 0, to: bytes.count, by: mail.piece) {
                let piece = Array(bytes[start..<min(bytes.count, start + mail.piece)])
                message.push(piece.span)
            }
            groups = message.finish(isBodyRepaired: isBodyRepaired)
        }
        #expect(harness.budget.inUse == 0, "nothing stays reserved")
        let positions = groups.flatMap(\.positions).sorted()
        #expect(positions == Array(mail.to.indices), "everybody is in one group")
        return ProxyArrival(groups: groups, records: records.withLock { $0 })
    }

    func mail(to recipients: [String]) -> Mail {
        var mail = Mail()
        mail.to = recipients.map { "<\($0)>" }
        mail.header[1] = ("To", " " + recipients.joined(separator: ", "))
        mail.body = "secret words\r\n"
        return mail
    }
}
