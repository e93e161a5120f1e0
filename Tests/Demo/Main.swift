import Foundation
import TestSupport

// `make demo`: guardd between a private Postfix and two mailboxes, from key to verdict, and nothing left behind.

func step(_ text: String) { say("\n==> \(text)") }
func show(_ text: String) {
    for line in text.split(whereSeparator: \.isNewline) { say("    \(line)") }
}
func show(_ bytes: [UInt8], lines: Int) {
    let all = String(decoding: bytes, as: UTF8.self).split(separator: "\r\n", omittingEmptySubsequences: false)
    for line in all.prefix(lines) { say("    \(line)") }
    if all.count > lines { say("    ... (\(all.count - lines) more lines)") }
}

@main
struct Main {
    static func main() {
        guard PostfixInstance.isAvailable else {
            say("guardd-demo: a private Postfix needs root; start it with `make demo`")
            exit(1)
        }
        do {
            try run()
        } catch {
            say("\nfailed: \(error)")
            exit(1)
        }
    }

    static func run() throws {
        let alice = "alice@guard.test"
        let bob = "bob@remote.test"

        step("Making keys for two mailboxes with gpg: \(alice) (ours) and \(bob) (somebody else's)")
        let keys = try GnuPGHome()
        try keys.generate(alice, name: "Alice")
        try keys.generate(bob, name: "Bob")
        for address in [alice, bob] { say("    \(address)  \(try keys.fingerprint(address))") }

        step("Starting guardd with a store and a master key of its own, and importing the keys")
        let guardd = try GuardDaemon(
            rules: [
                .init("everybody", sender: "@guard.test", encrypt: "required", sign: "if-key", missingKey: "refuse")
            ])
        try guardd.importSecret(keys.secretKey(alice))
        try guardd.importPublic(keys.publicKey(bob))
        try guardd.start()
        defer { guardd.stop() }
        show(String(decoding: try guardd.control(["key", "list"]), as: UTF8.self))

        step("Starting a private Postfix: own directories, free ports on 127.0.0.1, guardd as its filter")
        let sink = try SMTPSink()
        let postfix = try PostfixInstance(
            services: [
                .init("submission", milters: [guardd.socket], settings: ["milter_macro_daemon_name": "ORIGINATING"]),
                .init("inbound", milters: [guardd.socket]),
            ], nonSMTPDMilters: [guardd.socket], sink: sink)
        try postfix.start()
        defer { postfix.stop() }
        say("    submission 127.0.0.1:\(postfix.port("submission")), inbound 127.0.0.1:\(postfix.port("inbound"))")

        step("\(alice) logs in and sends a mail to \(bob)")
        let mail = TestMail.make(
            from: alice, to: bob, subject: "Lunch",
            fields: ["MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8"],
            body: "Lunch at noon, usual place.\r\n")
        show(mail, lines: 20)
        say("    answer: \(try send(postfix, "submission", login: alice, from: alice, to: bob, mail))")

        step("What arrived at the next hop: PGP/MIME, nothing of the text in clear")
        let arrived = try sink.message(to: bob)
        guard !arrived.text.contains("usual place"), let armor = arrived.parts.armor else {
            throw TestFailure("the mail was not encrypted\n\(arrived.text)\n\(guardd.log)")
        }
        show(arrived.data, lines: 36)

        step("\(bob) decrypts it with gpg: the original, signed by \(alice)")
        let opened = try keys.decryptWithStatus(armor)
        guard String(decoding: opened.content, as: UTF8.self).contains("usual place") else {
            throw TestFailure("decryption gave something else")
        }
        show(opened.content, lines: 20)
        for line in opened.status.split(separator: "\n")
        where line.contains("GOODSIG") || line.contains("DECRYPTION_OKAY") {
            show(String(line))
        }

        step("\(bob) sends a gpg-signed mail in; guardd says what it is worth")
        let signed = try signedMail(keys, from: bob, to: alice)
        say("    answer: \(try send(postfix, "inbound", login: nil, from: bob, to: alice, signed))")
        try showVerdict(sink, alice, 1, expected: "pgp=pass")

        step("The same mail, one word changed on the way")
        let text = String(decoding: signed, as: UTF8.self).replacingOccurrences(
            of: "noon is fine", with: "noon is late")
        say("    answer: \(try send(postfix, "inbound", login: nil, from: bob, to: alice, Array(text.utf8)))")
        try showVerdict(sink, alice, 2, expected: "pgp=fail")

        if ProcessInfo.processInfo.environment["KEEP"] == "1" {
            try keep(postfix, guardd, keys, alice: alice, bob: bob, sink)
        }
        step("Stopping everything")
        postfix.stop()
        guardd.stop()
        say("    done")
    }

    static func send(
        _ postfix: PostfixInstance, _ service: String, login: String?, from: String, to: String, _ mail: [UInt8]
    ) throws -> ServerReply {
        let reply = try SMTPClient.submit(port: postfix.port(service), login: login, from: from, to: [to], data: mail)
        guard reply.isPositive else { throw TestFailure("Postfix answered \(reply)") }
        return reply
    }

    static func showVerdict(_ sink: SMTPSink, _ address: String, _ count: Int, expected: String) throws {
        let arrived = try sink.wait(count) { $0.recipients.contains(address) }[count - 1]
        let fields = arrived.parts.fields(named: "Authentication-Results")
        for field in fields { show(String(decoding: field, as: UTF8.self)) }
        guard fields.contains(where: { String(decoding: $0, as: UTF8.self).contains(expected) }) else {
            throw TestFailure("expected \(expected)\n\(arrived.text)")
        }
    }

    static func signedMail(_ keys: GnuPGHome, from: String, to: String) throws -> [UInt8] {
        let entity = Array("Content-Type: text/plain; charset=utf-8\r\n\r\nYes, noon is fine.\r\n".utf8)
        return try TestMail.signed(entity: entity, from: from, to: to, subject: "Re: Lunch", with: keys)
    }

    static func keep(
        _ postfix: PostfixInstance, _ guardd: GuardDaemon, _ keys: GnuPGHome, alice: String, bob: String,
        _ sink: SMTPSink
    ) throws {
        step("KEEP=1: everything stays up; send mail to it from another terminal")
        say(
            """
                out: swaks --server 127.0.0.1:\(postfix.port("submission")) --from \(alice) --to \(bob)
                in:  swaks --server 127.0.0.1:\(postfix.port("inbound")) --from \(bob) --to \(alice)
                or:  sendmail -C \(postfix.configuration) -f \(alice) \(bob) < mail
                keys: GNUPGHOME=\(keys.path)   configuration: \(guardd.configuration)
                logs: \(postfix.directory.path)/mail.log \(guardd.directory.path)/log
                What arrives is shown here. Press return or Ctrl-C to end.
            """)
        let shown = sink.messages.count
        let printer = Thread {
            var next = shown + 1
            while let all = try? sink.wait(next, seconds: 86400) {
                say("\n---- \(all[next - 1].sender) -> \(all[next - 1].recipients.joined(separator: ", "))")
                show(all[next - 1].data, lines: 60)
                next += 1
            }
        }
        printer.start()
        // Without a terminal there is nobody to press return: then only a signal ends it (and the reaper cleans up).
        signal(SIGINT, SIG_IGN)
        signal(SIGTERM, SIG_IGN)
        let ended = DispatchSemaphore(value: 0)
        let sources = [SIGINT, SIGTERM].map { DispatchSource.makeSignalSource(signal: $0, queue: .global()) }
        for source in sources {
            source.setEventHandler { ended.signal() }
            source.resume()
        }
        if isatty(0) == 1 {
            Thread {
                _ = readLine()
                ended.signal()
            }.start()
        }
        ended.wait()
    }
}
