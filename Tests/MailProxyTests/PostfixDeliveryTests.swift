import Foundation
import TestSupport
import Testing

@testable import MailProxy

/// The client against the real server.
@Suite(.enabled(if: PostfixInstance.isAvailable), .serialized)
struct PostfixDeliveryTests {
    /// A certificate for a name, and its authority.
    private static func certificate(_ folder: TemporaryDirectory, name: String) throws {
        try Shell.check(
            "openssl",
            [
                "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", folder.file("key.pem"),
                "-out",
                folder.file("cert.pem"), "-subj", "/CN=\(name)", "-addext", "subjectAltName=DNS:\(name)",
            ])
    }

    @Test func deliversThroughPostfix() throws {
        let sink = try SMTPSink()
        let folder = try TemporaryDirectory("tls")
        try Self.certificate(folder, name: "mx.guard.test")
        let postfix = try PostfixInstance(
            services: [
                .init("plain", settings: ["smtpd_authorized_xforward_hosts": "127.0.0.1"]),
                .init(
                    "tls",
                    settings: [
                        "smtpd_tls_security_level": "encrypt", "smtpd_tls_cert_file": folder.file("cert.pem"),
                        "smtpd_tls_key_file": folder.file("key.pem"),
                    ]),
            ], sink: sink)
        try postfix.start()
        defer { postfix.stop() }
        func settings(_ service: String, _ tls: ClientSettings.TLSMode, name: String? = nil) -> ClientSettings {
            var settings = ClientSettings(
                endpoint: .tcp(host: "127.0.0.1", port: Int(postfix.port(service))), helloName: "guard.test")
            settings.tls = tls
            settings.tlsName = name
            settings.tlsAuthorities = folder.file("cert.pem")
            settings.timeouts = StepTimeouts(all: 60)
            return settings
        }

        let connection = try SMTPConnection.open(settings("plain", .may))
        #expect(!connection.isEncrypted)
        #expect(connection.capabilities.pipelining && connection.capabilities.dsn && connection.capabilities.smtpUTF8)
        #expect(connection.capabilities.xforward.contains("ADDR"))
        let body = (0..<5000).map { ".line \($0)\r\n" }.joined()
        for number in 0..<2 {
            var envelope = SMTPEnvelope(
                sender: SMTPPath(Array("alice@example.org".utf8)) ?? .null,
                recipients: ["bob\(number)@example.org", "carol\(number)@example.org"].map {
                    .init(SMTPPath(Array($0.utf8)) ?? .null, notify: "FAILURE")
                }, size: body.utf8.count)
            envelope.dsnReturn = "HDRS"
            let answers = try connection.begin(
                envelope, trace: [("NAME", "client.test"), ("ADDR", "192.0.2.77"), ("HELO", "hi there")])
            #expect(answers.allSatisfy { $0.isPositive }, "\(answers)")
            let taken = try connection.send { try $0(Array("Subject: n\(number)\r\n\r\n\(body)".utf8)) }
            #expect(taken.allSatisfy { $0.isPositive }, "\(taken)")
        }
        connection.quit()
        for number in 0..<2 {
            let message = try sink.message(to: "bob\(number)@example.org")
            #expect(message.text.hasSuffix(body))
        }
        #expect(postfix.log.contains("192.0.2.77"))

        let mail = Array("Subject: tls\r\n\r\nx\r\n".utf8)
        func deliver(_ settings: ClientSettings, to recipient: String) throws {
            try SMTPClient(settings).deliver(
                mail, SMTPEnvelope(sender: .null, recipients: [.init(SMTPPath(Array(recipient.utf8)) ?? .null)]))
        }
        try deliver(settings("tls", .required, name: "mx.guard.test"), to: "verified@example.org")
        _ = try sink.message(to: "verified@example.org")
        try deliver(settings("tls", .may, name: "whatever.test"), to: "unverified@example.org")
        _ = try sink.message(to: "unverified@example.org")
        // Another name, and an authority that nobody trusts.
        #expect(throws: MailProxyError(.tlsFailed, at: .startTLS, "")) {
            try deliver(settings("tls", .required, name: "other.test"), to: "refused@example.org")
        }
        var distrusting = settings("tls", .required, name: "mx.guard.test")
        distrusting.tlsAuthorities = nil
        #expect(throws: MailProxyError(.tlsFailed, at: .startTLS, "")) {
            try deliver(distrusting, to: "refused@example.org")
        }
        #expect(throws: MailProxyError(.refused, at: .mail, "")) {
            try deliver(settings("tls", .none), to: "refused@example.org")
        }
        #expect(!sink.messages.contains { $0.recipients.contains("refused@example.org") })
    }

    /// Connections are used again, in TLS as well, and Postfix logs each message with its own origin.
    @Test(arguments: ["plain", "tls"]) func usesConnectionsAgain(_ service: String) throws {
        let sink = try SMTPSink()
        let folder = try TemporaryDirectory("tls")
        try Self.certificate(folder, name: "mx.guard.test")
        var options = ["smtpd_authorized_xforward_hosts": "127.0.0.1"]
        if service == "tls" {
            options["smtpd_tls_security_level"] = "encrypt"
            options["smtpd_tls_cert_file"] = folder.file("cert.pem")
            options["smtpd_tls_key_file"] = folder.file("key.pem")
        }
        let postfix = try PostfixInstance(services: [.init(service, settings: options)], sink: sink)
        try postfix.start()
        defer { postfix.stop() }
        var settings = ClientSettings(
            endpoint: .tcp(host: "127.0.0.1", port: Int(postfix.port(service))), helloName: "guard.test")
        settings.tls = service == "tls" ? .required : .none
        settings.tlsName = "mx.guard.test"
        settings.tlsAuthorities = folder.file("cert.pem")
        settings.timeouts = StepTimeouts(all: 60)

        let pool = KeptConnections()
        let traces = [
            [
                ("NAME", "client.test"), ("ADDR", "192.0.2.77"), ("PROTO", "ESMTP"), ("IDENT", "Q1"),
                ("SOURCE", "REMOTE"),
            ],
            [("IDENT", "Q2"), ("SOURCE", "LOCAL")], [],
        ]
        for (number, trace) in traces.enumerated() {
            let connection = try pool.take(1, settings, deadline: .none).first ?? SMTPConnection.open(settings)
            #expect(connection.isEncrypted == (service == "tls"))
            let envelope = SMTPEnvelope(
                sender: .null, recipients: [.init(SMTPPath(Array("n\(number)@example.org".utf8)) ?? .null)])
            let answers = try connection.begin(envelope, trace: trace.map { (name: $0.0, value: $0.1) })
            #expect(answers.allSatisfy { $0.isPositive }, "\(answers)")
            #expect(!connection.capabilities.xforward.isEmpty, "XFORWARD was refused")
            let taken = try connection.send { try $0(Array("Subject: n\(number)\r\n\r\nx\r\n".utf8)) }
            #expect(taken.allSatisfy { $0.isPositive }, "\(taken)")
            pool.keep(connection, seconds: 60)
            #expect(pool.count == 1)
        }
        pool.closeAll()
        for number in traces.indices { _ = try sink.message(to: "n\(number)@example.org") }
        #expect(Wait.until { postfix.log.contains("disconnect from") })
        let log = postfix.log.components(separatedBy: "\n")
        #expect(log.contains { $0.contains("disconnect from") && $0.contains("mail=3 rcpt=3 data=3 quit=1") })
        let clients = log.filter { $0.contains(": client=") }
        #expect(clients.count == 3 && clients.count { $0.contains("192.0.2.77") } == 1, "\(clients)")
        #expect(clients.count { $0.contains("orig_queue_id=Q1") } == 1 && clients.count { $0.contains("Q2") } == 1)
    }
}
