import Foundation
import Guard
import HTTPTypes
import KeyStore
import Libcrypto
import Logging
import MIME
import OpenPGP
import TestSupport
import Testing

@testable import ControlAPI

/// Line ends and zeros in what clients send: they begin no line of the log, no field of HTTP or mail, no name of a file.
@Suite struct LineInjectionTests {
    /// Keeps every line.
    private struct Recorder: LogHandler {
        let lines: Lock<[String]>
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace
        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) { lines.withLock { $0.append("\(event.message)") } }
    }

    private final class Outbox: MailSender {
        let mails = Lock<[(to: [EmailAddress], text: String)]>([])
        func send(to recipients: [EmailAddress], message: [UInt8]) throws {
            mails.withLock { $0.append((recipients, String(decoding: message, as: UTF8.self))) }
        }
    }

    private let lines = Lock<[String]>([])
    private let outbox = Outbox()
    private let fixture: ControlFixture
    private let session: String
    private let templates: TemporaryDirectory

    init() throws {
        let lines = lines
        var options = ControlOptions()
        options.supportUsers = [0]
        options.mailUsers = [0]
        options.trustedUsers = [0]
        templates = try TemporaryDirectory("templates")
        var settings = GuardSettings()
        settings.recovery.isOffered = true
        settings.passwords.failuresBeforeLock = 100_000
        settings.mail.from = Mailbox(address: try #require(EmailAddress("guard@example.org")))
        settings.mail.templates = templates.path
        settings.guests.areAllowed = true
        settings.guests.firstPage = "https://guard.example.org/?item={item}"
        settings.guests.resetPage = "https://guard.example.org/?resetid={resetid}"
        var ports = GuardPorts(mail: outbox) { line in lines.withLock { $0.append(line) } }
        ports.later = { $0() }
        ports.crypto = SigningCrypto()
        fixture = try ControlFixture(
            options: options, settings: settings, ports: ports,
            log: Logger(label: "test") { _ in Recorder(lines: lines) })
        session = try fixture.session("alice@example.org")
    }

    private static let evils = [
        "a\r\nBcc: eve@example.net", "a\nX: y", "a\rb", "a\0b", "\r\n\r\nbody", "a\u{7F}b", "a\u{1B}[2Jb",
    ]

    /// Whether text would begin a line, or end one early, where it is written.
    private static func isBroken(_ text: some StringProtocol) -> Bool {
        text.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F }
    }

    /// One parameter at a time, in each form of a body.
    @Test func noParameterBreaksALine() async throws {
        let document = try OpenAPIDocument()
        var sampler = RequestSampler(fixture: fixture, session: session)
        for name in ["email", "username", "search", "contactID", "default"] {
            sampler.samples[name] = "bob@example.org"
        }
        for name in ["password", "newpass", "oldpass", "newPassword", "keyPassword"] {
            sampler.samples[name] = "wrong horse battery"
        }
        sampler.samples["json"] = "{}"
        for operation in document.operations
        where !["closeControlSession", "destroyGuardSessions"].contains(operation.id) {
            let forms: [RequestSampler.Form?] = operation.body.isEmpty ? [nil] : RequestSampler.Form.allCases
            for name in sampler.textParameters(of: operation, document) {
                for (index, evil) in Self.evils.enumerated() {
                    let reply = await sampler.send(operation, document, name, evil, as: forms[index % forms.count])
                    let what = "\(operation), \(name), \(evil.debugDescription)"
                    #expect(reply.status < 500, "\(what): \(reply.text.prefix(300))")
                    for field in reply.reply.fields {
                        #expect(!Self.isBroken(field.value), "\(what): \(field.name)")
                    }
                }
            }
        }
        for line in lines.withLock({ $0 }) {
            #expect(!Self.isBroken(line), "\(line.debugDescription)")
            #expect(!line.contains("horse"), "\(line)")
        }
        for record in try fixture.store.audit(limit: 100_000) {
            for text in [record.actor, record.action, record.target, record.result] {
                #expect(!Self.isBroken(text), "\(record)")
            }
        }
    }

    /// Control characters above ASCII begin a line for some terminals too.
    @Test func namesHaveNoControlsOfAnyKind() async throws {
        for evil in ["a\u{85}b", "a\u{9B}2Jb", "a\u{2028}b", "a\u{2029}b", "a\r\nb", "a<b", "a>b"] {
            let reply = await fixture.post(
                "/oxguard/keys?action=create&session=\(session)", form: ["name": evil, "password": "correct horse"])
            #expect(reply.code == "GRD-REQ-0004", "\(evil.debugDescription): \(reply.text)")
        }
        #expect(await fixture.get("/oxguard/keys?action=hasKeys&session=\(session)").text.contains("false"))
    }

    /// What may stand in an address and looks like more fields or recipients: one mail to one mailbox, one line each.
    @Test(arguments: [
        #""a, eve@example.net"@elsewhere.example"#, #""a> SIZE=1 <eve"@elsewhere.example"#,
        #""Bcc: eve@example.net"@elsewhere.example"#, "a+b=c@elsewhere.example", #""a\"b"@elsewhere.example"#,
        "a@[192.0.2.1]", "a@[IPv6:2001:db8::1]", "a@xn--nxasmq6b.example", "pelé@elsewhere.example",
    ])
    func aHostileAddressIsOneAddress(_ address: String) async throws {
        let made = await fixture.post(
            "/oxguard/keys?action=create&session=\(session)",
            form: ["name": "Alice", "password": "correct horse", "email": address])
        // It is taken as one address or refused.
        guard made.code == nil else {
            #expect(made.code == "GRD-REQ-0004", "\(made.text)")
            return
        }
        let reset = await fixture.post("/oxguard/login?action=reset&session=\(session)")
        #expect(reset.code == nil, "\(reset.text)")
        let mail = try #require(outbox.mails.withLock { $0.last })
        #expect(mail.to.count == 1 && mail.to.first == EmailAddress(address))
        let message = try Message(parsing: Array(mail.text.utf8))
        let names = message.root.header.fields.map { $0.name.lowercased() }
        #expect(!names.contains("bcc") && Set(names).count == names.count, "\(names)")
        let recipients = AddressParser.parseList(message.root.header.first("To")?.rawValue ?? [])
        #expect(
            recipients.mailboxes.map(\.address) == [try #require(EmailAddress(address))], "\(mail.text.prefix(500))")
    }

    /// A language or a number of a template names no file elsewhere.
    @Test func templatesStayInTheirFolder() async throws {
        let outside = try TemporaryDirectory("outside")
        try outside.write("reset.txt", "Subject: caught\n\ncaught {{password}}\n")
        for name in ["reset.en.txt", "7-reset.en.txt"] {
            try templates.write(name, "Subject: inside\n\ninside {{password}}\n")
        }
        _ = await fixture.post(
            "/oxguard/keys?action=create&session=\(session)", form: ["name": "Alice", "password": "correct horse"])
        let up = "../" + outside.url.lastPathComponent + "/reset"
        var count = 0
        for (name, value) in [
            ("lang", up), ("language", up), ("lang", "../reset"), ("lang", "en/../../x"), ("templid", "7/../.."),
            ("templid", "-1"), ("templid", "7"), ("lang", "..%2f"), ("lang", "en\0"),
        ] {
            let other = try fixture.session("user\(count)@example.org")
            count += 1
            _ = await fixture.post(
                "/oxguard/keys?action=create&session=\(other)", form: ["name": "Alice", "password": "correct horse"])
            let reply = await fixture.post(
                "/oxguard/login?action=reset&session=\(other)&\(name)=\(value.formEncoded)")
            #expect(reply.code == nil || reply.status == 400, "\(name)=\(value): \(reply.text)")
        }
        let mails = outbox.mails.withLock { $0 }
        #expect(
            !mails.isEmpty && mails.allSatisfy { $0.text.contains("Subject: inside") && !$0.text.contains("caught") })
    }

    /// The host that the support desk used goes into an address: it is a host and nothing else.
    @Test func hostsAreHosts() async throws {
        _ = await fixture.post(
            "/oxguard/keys?action=create&session=\(session)", form: ["name": "Alice", "password": "correct horse"])
        let peer = Peer.local(user: 0, group: 0, process: 1)
        let form = ["email": "alice@example.org"]
        _ = await fixture.post("/guardsupport?action=delete_user", form: form, peer: peer)
        for (host, isOne) in [
            ("guard.example.org", true), ("GUARD.example.org:8443", true), ("127.0.0.1", true),
            ("evil.example/x", false),
            ("user@evil.example", false), ("a b", false), ("\"><script>", false), ("evil.example?", false),
            ("evil.example#", false), ("", false), (String(repeating: "a", count: 300), false), ("ä.example", false),
        ] {
            let reply = await fixture.post("/guardsupport?action=expose_key", form: form, peer: peer, host: host)
            let expected = isOne ? host.lowercased().split(separator: ":")[0] : "guardd"
            #expect(
                reply.text.hasPrefix("https://\(expected)/guardsupport/exposed/"), "\(host): \(reply.text)")
        }
    }
}
