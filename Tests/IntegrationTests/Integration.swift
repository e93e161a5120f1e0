import Foundation
import TestSupport
import Testing

/// guardd behind a real Postfix, judged by gpg and sqop. One after the other: the suites share servers.
@Suite(.serialized, .enabled(if: Lab.isAvailable))
struct Integration {}

/// The servers most suites share, started once. The reaper stops them when the test process ends.
final class Lab: Sendable {
    /// Under CI its absence fails the suites; elsewhere they are skipped with one line.
    static let isAvailable: Bool = {
        if PostfixInstance.isAvailable && GuardDaemon.isAvailable { return true }
        print("integration: needs root, postfix and a built guardd, its suites are skipped")
        return ProcessInfo.processInfo.environment["CI"] == "true"
    }()

    static let shared = Result { try Lab() }

    let keys: People
    let sink: SMTPSink
    let recorder: NoopMilter
    let guardd: GuardDaemon
    let postfix: PostfixInstance
    /// Issues the S/MIME certificates that guardd trusts.
    let authority: OpenSSLAuthority
    private let folder: TemporaryDirectory

    private init() throws {
        keys = try People.shared.get()
        sink = try SMTPSink()
        folder = try TemporaryDirectory("lab", mode: 0o755)
        recorder = try NoopMilter(.record, socket: folder.file("noop.sock"))
        authority = try OpenSSLAuthority()
        let anchor = try folder.write("ca.pem", authority.folder.read("ca.pem"))
        guardd = try GuardDaemon(rules: Self.rules, settings: ["smime": "{ trust = [\"\(anchor)\"] }"])
        try keys.give(to: guardd)
        try guardd.start()
        let filters = [recorder.socket, guardd.socket]
        postfix = try PostfixInstance(
            services: [
                .init("out", milters: filters, settings: ["milter_macro_daemon_name": "ORIGINATING"]),
                .init("in", milters: filters), .init("unfiltered"),
            ], nonSMTPDMilters: filters, sink: sink,
            settings: [
                "canonical_maps": "inline:{ {short@guard.test=alice@guard.test} {old@required.test=bob@required.test} }"
            ])
        try postfix.start()
    }

    static let rules: [GuardDaemon.Rule] = [
        .init("never", recipient: "@never.test", encrypt: "never", sign: "never"),
        .init(
            "opportunistic", recipient: "@opportunistic.test", encrypt: "opportunistic", sign: "never",
            missingKey: "send-clear"),
        .init("defer", recipient: "@defer.test", encrypt: "required", sign: "never", missingKey: "defer"),
        .init("sign-if-key", recipient: "@signed.test", encrypt: "never", sign: "if-key"),
        .init("must-sign", recipient: "@mustsign.test", encrypt: "never", sign: "required"),
        .init("both", recipient: "@both.test", encrypt: "required", sign: "required", missingKey: "refuse"),
        .init("required", recipient: "*", encrypt: "required", sign: "never", missingKey: "refuse"),
    ]

    /// Sends as a logged-in user of ours.
    func sendOut(
        from sender: String = People.alice, login: String? = nil, to recipients: [String], _ mail: [UInt8],
        parameters: String = ""
    ) throws -> ServerReply {
        try SMTPClient.submit(
            port: postfix.port("out"), login: login ?? sender, from: sender, to: recipients, data: mail,
            parameters: parameters)
    }

    /// Sends from outside.
    func sendIn(from sender: String, to recipient: String, _ mail: [UInt8]) throws -> ServerReply {
        try SMTPClient.submit(
            port: postfix.port("in"), address: "192.0.2.9", from: sender, to: [recipient], data: mail)
    }

    /// The message that came out for an answer of Postfix: matched by the queue id in its Received field.
    func delivered(_ reply: ServerReply) throws -> DeliveredMessage {
        guard reply.isPositive, let id = reply.queueID else {
            throw TestFailure("not accepted: \(reply)\n\(guardd.log.suffix(2000))")
        }
        return try sink.wait { $0.queueID == id }[0]
    }
}

/// Everybody who has a key in these tests.
final class People: Sendable {
    static let shared = Result { try People() }
    static let alice = "alice@guard.test"
    static let bob = "bob@required.test"
    static let carol = "carol@required.test"
    static let optBob = "bob@opportunistic.test"
    static let bothBob = "bob@both.test"
    static let deferBob = "bob@defer.test"
    /// Somebody whose key guardd knows and one whose key it does not.
    static let dora = "dora@known.test"
    static let eve = "eve@unknown.test"

    let ours: GnuPGHome
    let theirs: GnuPGHome
    let carols: GnuPGHome

    private init() throws {
        ours = try GnuPGHome()
        theirs = try GnuPGHome()
        carols = try GnuPGHome()
        try ours.generate(Self.alice, name: "Alice")
        for address in [Self.bob, Self.optBob, Self.bothBob, Self.deferBob, Self.dora, Self.eve] {
            try theirs.generate(address)
        }
        try carols.generate(Self.carol, kind: .rsa)
    }

    func give(to guardd: GuardDaemon) throws {
        try guardd.importSecret(ours.secretKey(Self.alice))
        for address in [Self.bob, Self.optBob, Self.bothBob, Self.deferBob, Self.dora] {
            try guardd.importPublic(theirs.publicKey(address))
        }
        try guardd.importPublic(carols.publicKey(Self.carol))
    }
}

/// Every LF as CR LF.
func canonicalLineEnds(_ bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    for byte in bytes {
        if byte == 10, result.last != 13 { result.append(13) }
        result.append(byte)
    }
    return result
}

/// What must hold of a protected message: opened, it is the MIME entity that Postfix handed to the filters.
func expectEntity(_ opened: [UInt8], equals reference: MailParts, sourceLocation: SourceLocation = #_sourceLocation) {
    let entity = MailParts(opened)
    #expect(entity.body == reference.body, "body differs", sourceLocation: sourceLocation)
    // The milter protocol folds header fields with LF alone; what was signed or encrypted has mail's own line ends.
    let expected = reference.fields(prefixed: "content-").map(canonicalLineEnds)
    if !expected.isEmpty {
        #expect(
            entity.fields(prefixed: "content-") == expected, "Content-* fields differ", sourceLocation: sourceLocation)
    }
}
