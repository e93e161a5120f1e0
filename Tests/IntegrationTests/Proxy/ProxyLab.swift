import Foundation
import TestSupport

/// guardd as a proxy at every place where mail can pass it: before a Dovecot, behind and before the queue of a Postfix, and on
/// the last step.
final class ProxyLab: Sendable {
    static let shared = Result { try ProxyLab() }

    let people: SplitPeople
    /// Takes what leaves through the filters, and what leaves by the last step.
    let sink: SMTPSink
    let outside: SMTPSink
    let guardd: GuardDaemon
    let postfix: PostfixInstance
    let dovecot: DovecotInstance
    let lmtpSocket: String
    let ports: [String: UInt16]

    static let boxes = ["box@guard.test", "other@guard.test", "full@guard.test"]

    private init() throws {
        people = try SplitPeople.shared.get()
        sink = try SMTPSink()
        outside = try SMTPSink()
        var users: [String: String] = [:]
        for number in 0..<SplitPeople.count {
            for name in ["p\(number)@pgp.test", "s\(number)@smime.test", "n\(number)@none.test"] { users[name] = "x" }
        }
        for name in Self.boxes { users[name] = "x" }
        dovecot = try DovecotInstance(users: users, full: ["full@guard.test"])
        let rules = SplitLab.rules.map { rule in
            var rule = rule
            if rule.name == "sign" || rule.name == "both" { rule.keys.append(("sign_without_login", "true")) }
            return rule
        }
        let outgoing = GuardDaemon.Rule("outgoing", recipient: "@out.test", encrypt: "required", sign: "never")
        guardd = try SplitLab.daemon(people, rules: [outgoing] + rules)
        try guardd.importPublic(people.keeper.certificate.serialized())
        lmtpSocket = guardd.directory.file("run/lmtp.sock")
        var ports: [String: UInt16] = [:]
        for name in ["after", "before", "assert", "lmtp-out", "lmtp-trust", "lmtp-tls"] {
            ports[name] = try SocketAddress.freePort()
        }
        self.ports = ports
        func own(_ name: String) -> String { "127.0.0.1:\(ports[name] ?? 0)" }
        postfix = try PostfixInstance(
            services: [
                .init("milter", milters: [guardd.socket], settings: ["milter_macro_daemon_name": "ORIGINATING"]),
                .init("after", settings: ["content_filter": "smtp:[127.0.0.1]:\(ports["after"] ?? 0)"]),
                .init("before", settings: ["smtpd_proxy_filter": own("before")]),
                .init("in"), .init("in-milter", milters: [guardd.socket]),
                .init("always", settings: ["cleanup_service_name": "cleanup-always"]),
            ],
            snippet: PostfixInstance.shipped("master.cf.copies") + PostfixInstance.shipped("master.cf.return")
                + "cleanup-always unix n - n - 0 cleanup\n  -o always_bcc=archive@out.test\n"
                + "lmtptls unix - - n - - lmtp\n  -o lmtp_tls_security_level=encrypt\n",
            sink: sink,
            settings: [
                "message_drop_headers": "", "smtp_destination_recipient_limit": "1000", "default_process_limit": "100",
                "virtual_mailbox_domains": "guard.test", "virtual_mailbox_maps": "static:all",
                "virtual_transport": "lmtp:unix:\(lmtpSocket)", "lmtp_destination_recipient_limit": "50",
                "transport_maps":
                    "inline:{ {out.test=smtp:[127.0.0.1]:\(ports["assert"] ?? 0)} "
                    + "{trust@guard.test=lmtp:inet:127.0.0.1:\(ports["lmtp-trust"] ?? 0)} "
                    + "{other@guard.test=lmtptls:inet:127.0.0.1:\(ports["lmtp-tls"] ?? 0)} }",
                "virtual_alias_maps": "inline:{ {list@guard.test=keeper@out.test,stranger@out.test} }",
                "recipient_bcc_maps": "inline:{ {watched@pgp.test=stranger@out.test} }",
            ])
        let (chain, key) = try Self.certificate(guardd.directory)
        func proxy(_ name: String, _ role: String, _ listen: String, _ next: String, _ more: String = "") -> String {
            "[[proxy]]\nname = \"\(name)\"\nrole = \"\(role)\"\nlisten = \"\(listen)\"\nnext_hop = \"\(next)\"\n\(more)\n"
        }
        let back = "127.0.0.1:\(postfix.port("10027"))"
        let box = "unix:\(dovecot.lmtpSocket)"
        let out = "direction = \"outbound\"\nmay_sign = true"
        guardd.tables =
            "[split]\nnext_hop = \"127.0.0.1:\(postfix.port("10026"))\"\n\n"
            + proxy("after", "after-queue", own("after"), back, out)
            + proxy("before", "before-queue", own("before"), back, out)
            + proxy("lmtp", "lmtp", "unix:\(lmtpSocket)", box) + proxy("lmtp-out", "lmtp", own("lmtp-out"), box, out)
            + proxy("trust", "lmtp", own("lmtp-trust"), box, "trust_verdicts_from = \"milter\"")
            + proxy(
                "tls", "lmtp", own("lmtp-tls"), box,
                "tls = \"required\"\ntls_certificate = \"\(chain)\"\ntls_key = \"\(key)\"")
            + proxy("assert", "assert", own("assert"), "127.0.0.1:\(outside.port)")
        try guardd.writeConfiguration()
        try guardd.start()
        try postfix.start()
    }

    private static func certificate(_ folder: TemporaryDirectory) throws -> (String, String) {
        let (chain, key) = (folder.file("tls.pem"), folder.file("tls.key"))
        try Shell.check(
            "openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                "-subj", "/CN=mx.guard.test", "-keyout", key, "-out", chain,
            ])
        try Shell.check("chown", ["postfix", chain, key])
        return (chain, key)
    }

    func send(
        _ service: String, from sender: String, to recipients: [String], _ mail: [UInt8]
    ) throws -> ServerReply {
        try SMTPClient.submit(port: postfix.port(service), from: sender, to: recipients, data: mail)
    }

    /// Waits until nothing is on its way any more.
    func settle() throws {
        guard try Wait.until(seconds: 60, { try postfix.isQueueEmpty() }) else {
            throw TestFailure("the queue does not get empty\n\(postfix.log.suffix(3000))\n\(guardd.log.suffix(2000))")
        }
    }

    /// Hands a message to the listener for outbound LMTP: the answers to RCPT, and for those accepted to the content.
    func sendLMTP(
        from sender: String, to recipients: [String], _ mail: [UInt8], port: String = "lmtp-out"
    ) throws -> [String: ServerReply] {
        try SMTPClient.deliver(port: ports[port] ?? 0, from: sender, to: recipients, data: mail)
    }

    /// What a mailbox got, as a delivery.
    func copies(_ id: String, in recipients: [String]) -> [DeliveredMessage] {
        recipients.flatMap { recipient in
            dovecot.mail(of: recipient).filter { $0.value("Message-ID") == "<\(id)>" }.map { parts in
                let sender = (parts.value("Return-Path") ?? "").filter { $0 != "<" && $0 != ">" }
                // Dovecot keeps lines with LF alone.
                let data = canonicalLineEnds(Array(parts.fields.joined()) + [10] + parts.body)
                return DeliveredMessage(sender: sender, recipients: [recipient], parameters: "", data: data)
            }
        }
    }
}
