import Libcrypto
import MIME
import MailFlow
import OpenPGP
import ProtectedMail
import Testing

/// Certificates and keys in memory.
struct MemoryDirectory: KeyDirectory {
    var encryption: [EmailAddress: [KnownCertificate]] = [:]
    var signing: [EmailAddress: SecretCertificate] = [:]
    /// Keys that users left open.
    var attached: [EmailAddress: SecretCertificate] = [:]
    /// Keys that open the mail of users.
    var opening: [EmailAddress: SecretCertificate] = [:]
    var smime: [EmailAddress: [SMIMERecipient]] = [:]
    var smimeSigners: [EmailAddress: SMIMESigner] = [:]
    /// Stands for a store that is busy or on a full disk.
    var isBroken = false

    struct Broken: Error {}

    mutating func add(_ secret: SecretCertificate, for address: String, _ provenance: Provenance = .adminImport) {
        guard let address = EmailAddress(address) else { return }
        encryption[address, default: []].append(.init(certificate: secret.certificate, provenance: provenance))
    }

    /// Whom somebody wanted to encrypt to, once for each question.
    let asked = Lock<[EmailAddress]>([])

    func encryptionCertificates(for address: EmailAddress, at time: Timestamp) throws -> [KnownCertificate] {
        if isBroken { throw Broken() }
        asked.withLock { $0.append(address) }
        return encryption[address] ?? []
    }

    func signingKey(for address: EmailAddress, at time: Timestamp) throws -> SigningKey? {
        if isBroken { throw Broken() }
        return try signing[address]?.signingKey(at: time)
    }

    func attachedSigningKey(of user: EmailAddress, at time: Timestamp) throws -> SigningKey? {
        try attached[user]?.signingKey(at: time)
    }

    func openingKeys(of user: EmailAddress, at time: Timestamp) throws -> [DecryptionKey] {
        opening[user]?.decryptionKeys() ?? []
    }

    func decryptionKeys(for recipients: [KeyID]) throws -> [DecryptionKey] {
        opening.values.flatMap { $0.decryptionKeys() }.filter { recipients.contains($0.publicKey.keyID) }
    }

    func smimeRecipients(for address: EmailAddress, at time: Timestamp) throws -> [SMIMERecipient] {
        smime[address] ?? []
    }

    func smimeSigner(for address: EmailAddress, at time: Timestamp) throws -> SMIMESigner? { smimeSigners[address] }

    func certificates(for issuers: [IssuerHint]) throws -> [KnownCertificate] {
        if isBroken { throw Broken() }
        return encryption.values.flatMap { $0 }.filter { known in
            issuers.contains { !known.certificate.keys(matching: $0).isEmpty }
        }
    }
}

/// Keys made once for all tests.
enum People {
    static let time = Timestamp(1_700_000_000)
    static let alice = make("Alice <alice@example.org>")
    static let bob = make("Bob <bob@partner.example>")
    static let carol = make("Carol <carol@partner.example>")

    private static func make(_ userID: String) -> Result<SecretCertificate, any Error> {
        Result { try SecretCertificate.generate(userIDs: [userID], at: Timestamp(1_600_000_000)) }
    }
}

/// A rule with the fields that most tests set.
func rule(
    _ name: String, _ encrypt: Rule.Encrypt, _ sign: Rule.Sign = .never, missing: Rule.MissingKey? = nil,
    withoutLogin: Bool = false, _ change: (inout Rule) throws -> Void = { _ in }
) throws -> Rule {
    var rule = try Rule(name: name, encrypt: encrypt, sign: sign, missingKey: missing, signWithoutLogin: withoutLogin)
    try change(&rule)
    return rule
}

/// One message sent through a session, as a mail server would.
struct Mail {
    var login: String?
    var daemon = "mx.example.org"
    var certificate: String?
    var client = "198.51.100.7"
    var cameBySMTP = true
    var parameters: [String] = []
    var recipientParameters: [String] = []
    var from = "<alice@example.org>"
    var to = ["<bob@partner.example>"]
    var header = [
        ("From", " Alice <alice@example.org>"), ("To", " bob@partner.example"), ("Subject", " hello"),
        ("Content-Type", " text/html"),
    ]
    var body = "Hello, this is clear text.\r\n"
    /// Octets handed over at once.
    var piece = 7

    enum Stop: Equatable {
        case sender, headers, body, end
    }
}

/// What came of it.
struct Passage {
    var reply = Reply.proceed
    var stop = Mail.Stop.end
    var outcome: Outcome?
    var wantedBody = false
    let record: MessageRecord?

    var body: String? { try? outcome?.body.map { String(decoding: try $0.bytes(), as: UTF8.self) } }
    var edits: [HeaderEdit] { outcome?.edits ?? [] }
    var code: String? {
        switch reply {
        case .reject(let text), .tempfail(let text): "\(text.code) \(text.enhanced)"
        default: nil
        }
    }
    var text: String {
        switch reply {
        case .reject(let text), .tempfail(let text): text.text
        default: ""
        }
    }
    /// The value of the result field we wrote.
    var result: String? {
        edits.compactMap { edit in
            if case .insert(0, "Authentication-Results", let value) = edit { value } else { nil }
        }.first
    }
}

/// A session with its surroundings.
final class Harness {
    var policy: Policy
    var keys = MemoryDirectory()
    var now = People.time
    var budget = Budget(limit: 64 << 20)
    var isDraining = false
    var redelivery: (any Redelivery)?
    var guests: (any GuestDesk)?
    var markerKey: SecretBytes? = SecretBytes(copying: [UInt8](repeating: 9, count: 32))

    init(_ rules: [Rule] = []) throws {
        policy = Policy(authservID: "guardd.mx.example.org")
        policy.rules = rules
        policy.localDomains = ["example.org"]
        keys.signing[try #require(EmailAddress("alice@example.org"))] = try People.alice.get()
        keys.add(try People.bob.get(), for: "bob@partner.example")
    }

    func send(_ mail: Mail) -> Passage {
        let records = Lock<[MessageRecord]>([])
        let now = now
        let isDraining = isDraining
        let session = Session(
            context: SessionContext(
                policy: policy, keys: keys, now: { now }, log: { record in records.withLock { $0.append(record) } },
                budget: budget, isDraining: { isDraining }, markerKey: markerKey,
                redelivery: redelivery, guests: guests))
        var passage = run(session, mail)
        passage = Passage(
            reply: passage.reply, stop: passage.stop, outcome: passage.outcome, wantedBody: passage.wantedBody,
            record: records.withLock { $0.last })
        #expect(records.withLock { $0.count } == 1, "one record for each message")
        #expect(budget.inUse == 0, "nothing stays reserved")
        return passage
    }

    private func run(_ session: Session, _ mail: Mail) -> Passage {
        var passage = Passage(record: nil)
        var macros = ["{daemon_name}": mail.daemon, "j": "mx.example.org"]
        _ = session.connected(host: "client", address: ClientAddress(mail.client), macros: Macros(macros))
        if let login = mail.login { macros["{auth_authen}"] = login }
        if let certificate = mail.certificate { macros["{cert_subject}"] = certificate }
        func isOver(_ reply: Reply, _ stop: Mail.Stop) -> Bool {
            switch reply {
            case .proceed, .skipBody: return false
            case .accept, .discard, .reject, .tempfail:
                passage.reply = reply
                passage.stop = stop
                return true
            }
        }
        if isOver(
            session.sender(
                Array(mail.from.utf8), arguments: mail.parameters.map { Array($0.utf8) }, macros: Macros(macros)),
            .sender)
        {
            return passage
        }
        for recipient in mail.to {
            let extra = mail.cameBySMTP ? ["{rcpt_mailer}": "smtp"] : [:]
            _ = session.recipient(
                Array(recipient.utf8), arguments: mail.recipientParameters.map { Array($0.utf8) },
                macros: Macros(extra))
        }
        for (name, value) in mail.header { _ = session.header(name: Array(name.utf8), value: Array(value.utf8)) }
        let atHeaders = session.endOfHeaders(macros: Macros(["i": "QUEUE1"]))
        if isOver(atHeaders, .headers) { return passage }
        passage.wantedBody = atHeaders == .proceed
        let bytes = Array(mail.body.utf8)
        var position = 0
        while passage.wantedBody, position < bytes.count {
            let end = min(position + mail.piece, bytes.count)
            if isOver(session.body(Array(bytes[position..<end]).span), .body) { return passage }
            position = end
        }
        let outcome = session.endOfMessage(macros: Macros(["i": "QUEUE1"]))
        passage.outcome = outcome
        passage.reply = outcome.reply
        return passage
    }

    /// The decrypted content of what came out, with the number of good signatures inside.
    static func decrypt(_ body: String, with secret: SecretCertificate, signer: SecretCertificate? = nil) throws -> (
        content: String, good: Int, recipients: [KeyID]
    ) {
        let start = try #require(body.range(of: "-----BEGIN PGP MESSAGE-----"))
        let end = try #require(body.range(of: "-----END PGP MESSAGE-----"))
        let decryptor = MessageDecryptor(keys: secret.decryptionKeys(), time: People.time) { _ in
            signer.map { [$0.certificate] } ?? []
        }
        try decryptor.push(Array(body[start.lowerBound..<end.upperBound].utf8) + [0x0D, 0x0A])
        let message = try decryptor.finish()
        return (
            String(decoding: try message.content.bytes(), as: UTF8.self),
            message.signatures.filter { $0.outcome == .good }.count, message.recipients
        )
    }
}
