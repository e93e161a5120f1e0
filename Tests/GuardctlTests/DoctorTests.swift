import Foundation
import Settings
import Testing

@testable import guardctl

/// Each misconfiguration in each way of writing it, on top of a configuration that is in order.
struct DoctorTests {
    private static let main = """
        myhostname = mx.example.org
        smtpd_milters = unix:guardd/milter.sock
        non_smtpd_milters = $smtpd_milters
        milter_default_action = tempfail
        message_size_limit = 52428800
        """
    private static let master = """
        smtp inet n - y - - smtpd
        submission inet n - y - - smtpd
          -o smtpd_sasl_auth_enable=yes
          -o milter_macro_daemon_name=ORIGINATING
        cleanup unix n - y - 0 cleanup
          -o message_size_limit=78643200
        qmgr unix n - n 300 1 qmgr
        """

    private func examine(
        main extra: String = "", master: String = master, replacing: [(String, String)] = [],
        files: [String: String] = [:], gateway change: (inout MailSite.Gateway) -> Void = { _ in }
    ) -> [Finding] {
        var (main, master) = (Self.main + "\n" + extra + "\n", master)
        for (old, new) in replacing {
            #expect(main.contains(old) || master.contains(old), "\(old)")
            main = main.replacingOccurrences(of: old, with: new)
            master = master.replacingOccurrences(of: old, with: new)
        }
        var gateway = MailSite.Gateway()
        gateway.socket = "unix:/var/spool/postfix/guardd/milter.sock"
        gateway.endpoint = MilterEndpoint(guardd: gateway.socket)
        gateway.hostname = "mx.example.org"
        gateway.authservID = "guardd.mx.example.org"
        change(&gateway)
        var site = MailSite(
            main: PostfixParameters(parsing: main, file: "main.cf"), mainFile: "main.cf",
            services: MasterService.parse(master, file: "master.cf"), masterFile: "master.cf", gateway: gateway)
        site.read = { files[$0] }
        return Doctor.examine(site)
    }

    private func codes(_ findings: [Finding]) -> Set<String> { Set(findings.map(\.code)) }

    @Test func saysNothingAboutWhatIsInOrder() {
        #expect(examine() == [])
    }

    /// What the project ships is what it recommends.
    @Test func saysNothingAboutOurOwnSnippets() throws {
        let etc = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("etc/postfix")
        let main = try String(contentsOf: etc.appendingPathComponent("main.cf.guardd"), encoding: .utf8)
        let master = try String(contentsOf: etc.appendingPathComponent("master.cf.guardd"), encoding: .utf8)
        #expect(examine(main: main, master: "smtp inet n - y - - smtpd\n" + master) == [])
    }

    @Test(arguments: [
        ("accept", "default-action-accept"), ("quarantine", "default-action-quarantine"),
        ("reject", "default-action-reject"),
    ])
    func defaultAction(_ action: String, _ code: String) {
        let inMain = examine(replacing: [("milter_default_action = tempfail", "milter_default_action = \(action)")])
        #expect(codes(inMain) == [code])
        #expect(inMain.first?.file == "main.cf" && inMain.first?.line == 4)
        #expect(inMain.first?.remedy == "milter_default_action = tempfail")

        let ofService = examine(master: Self.master + "\n  -o milter_default_action=\(action)")
        #expect(ofService == [], "an option of qmgr means nothing")
        for option in ["-o milter_default_action=\(action)", "-o { milter_default_action = \(action) }"] {
            let found = examine(
                replacing: [("-o smtpd_sasl_auth_enable=yes", "-o smtpd_sasl_auth_enable=yes\n  \(option)")])
            #expect(codes(found) == [code], "\(option)")
            #expect(found.first?.file == "master.cf" && found.first?.line == 2)
        }

        let inBraces = examine(replacing: [
            (
                "smtpd_milters = unix:guardd/milter.sock",
                "smtpd_milters = { unix:guardd/milter.sock, connect_timeout=5s, default_action = \(action) }"
            )
        ])
        #expect(codes(inBraces) == [code])
        #expect(inBraces.allSatisfy { $0.remedy == "default_action=tempfail" })

        let inMap = examine(
            main: "smtpd_milter_maps = cidr:/maps",
            files: [
                "/maps": "192.0.2.0/24 { unix:guardd/milter.sock, default_action=\(action) }"
            ])
        #expect(codes(inMap) == [code])
        #expect(inMap.first?.file == "/maps" && inMap.first?.line == 1)
    }

    @Test func entrances() {
        #expect(codes(examine(main: "non_smtpd_milters =")) == ["non-smtpd-without-guardd"])
        #expect(
            codes(examine(main: "smtpd_milters =\nnon_smtpd_milters = unix:guardd/milter.sock"))
                == ["smtpd-without-guardd"])
        let one = examine(replacing: [
            ("-o smtpd_sasl_auth_enable=yes", "-o smtpd_sasl_auth_enable=yes -o smtpd_milters=")
        ])
        #expect(codes(one) == ["smtpd-without-guardd"])
        #expect(one.first?.remedy == "-o smtpd_milters=unix:guardd/milter.sock")
        #expect(
            codes(examine(replacing: [("-o smtpd_sasl_auth_enable=yes", "-o receive_override_options=no_milters")]))
                .contains("smtpd-without-guardd"))
        #expect(codes(examine(main: "smtpd_milters = unix:/run/guardd.sock")).contains("wrong-socket"))
    }

    /// A listener for mail that comes back from a filter is not an entrance.
    @Test func returnListener() {
        let master =
            Self.master + "\n127.0.0.1:10026 inet n - n - - smtpd\n  -o content_filter= -o smtpd_milters=\n"
        #expect(examine(master: master) == [])
        #expect(
            codes(examine(master: master.replacingOccurrences(of: "127.0.0.1:10026", with: "10026")))
                == ["smtpd-without-guardd"])
    }

    // MARK: - Copies

    private static let copies = """

        127.0.0.1:10026 inet n - n - - smtpd
          -o smtpd_milters=
          -o cleanup_service_name=cleanup-copies
          -o smtpd_authorized_xforward_hosts=127.0.0.0/8
          -o message_size_limit=78643200
        cleanup-copies unix n - y - 0 cleanup
          -o always_bcc= -o sender_bcc_maps= -o recipient_bcc_maps=
          -o message_size_limit=78643200
        """

    /// The listener as it should be, with one thing written differently.
    private func copies(
        _ old: String = "smtpd_milters=", _ new: String = "smtpd_milters=", main: String = "",
        hop: String = "127.0.0.1:10026"
    ) -> [Finding] {
        #expect(Self.copies.contains(old), "\(old)")
        return examine(main: main, master: Self.master + Self.copies.replacingOccurrences(of: old, with: new)) {
            $0.copies = CopyHop(hop)
        }
    }

    @Test func saysNothingAboutOurOwnListeners() throws {
        let etc = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("etc/postfix")
        let (master, copies, back) = (
            try String(contentsOf: etc.appendingPathComponent("master.cf.guardd"), encoding: .utf8),
            try String(contentsOf: etc.appendingPathComponent("master.cf.copies"), encoding: .utf8),
            try String(contentsOf: etc.appendingPathComponent("master.cf.return"), encoding: .utf8)
        )
        let main = try String(contentsOf: etc.appendingPathComponent("main.cf.guardd"), encoding: .utf8)
        let all = "smtp inet n - y - - smtpd\n" + master + copies + back
        #expect(examine(main: main, master: all) { $0.copies = CopyHop("127.0.0.1:10026") } == [])
        // With a filter behind the queue, and signers where mail leaves for good.
        let signed = all.replacingOccurrences(of: "-o smtpd_milters=\n", with: "-o smtpd_milters=inet:127.0.0.1:8891\n")
        #expect(signed != all)
        #expect(
            examine(main: main + "\ncontent_filter = smtp:[127.0.0.1]:10025", master: signed) {
                $0.copies = CopyHop("127.0.0.1:10026")
            } == [])
    }

    @Test func theListenerForCopies() {
        #expect(copies() == [])
        #expect(codes(copies(hop: "127.0.0.1:10099")) == ["copies-nowhere"])
        #expect(copies(hop: "mx2.example.org:25") == [], "another machine cannot be seen")
        for name in ["localhost:10026", "[127.0.0.1]:10026", "10026"] {
            #expect(!codes(copies("127.0.0.1:10026", name)).contains("copies-nowhere"), "\(name)")
        }
        #expect(codes(copies("127.0.0.1:10026", "10026")) == ["smtpd-without-guardd"], "open to everybody")
        let unix = "unix:/var/spool/postfix/public/copies"
        #expect(copies("127.0.0.1:10026 inet n", "copies unix n", hop: unix) == [])
        #expect(codes(copies("127.0.0.1:10026 inet n", "copies unix n", hop: unix + "2")).contains("copies-nowhere"))
    }

    @Test func guarddOnItsOwnListener() {
        for list in [
            "smtpd_milters=unix:guardd/milter.sock", "smtpd_milters=inet:127.0.0.1:8891,unix:guardd/milter.sock",
        ] {
            let found = copies("smtpd_milters=", list)
            #expect(codes(found).contains("copies-loop"), "\(list)")
            #expect(found.first { $0.code == "copies-loop" }?.remedy == "-o smtpd_milters=")
        }
        #expect(codes(copies("  -o smtpd_milters=\n", "")) == ["copies-loop"], "that of main.cf counts")
        #expect(
            codes(
                copies(
                    "  -o smtpd_milters=\n",
                    "  -o { smtpd_milters = { unix:guardd/milter.sock, connect_timeout=5s } }\n"))
                == ["copies-loop"])
        #expect(copies("  -o smtpd_milters=\n", "  -o receive_override_options=no_milters\n") == [])
    }

    @Test func automaticCopiesOfCopies() {
        for name in ["always_bcc", "sender_bcc_maps", "recipient_bcc_maps"] {
            let main = "\(name) = hash:/etc/postfix/bcc"
            #expect(codes(copies(main: main)) == ["automatic-bcc"], "\(name): off where it matters")
            #expect(codes(copies("-o \(name)=", "-o x=", main: main)) == ["automatic-bcc", "copies-bcc"])
            // An option of smtpd does nothing.
            let wrong = copies("  -o cleanup_service_name=cleanup-copies\n", "  -o \(name)=\n", main: main)
            #expect(codes(wrong) == ["automatic-bcc", "copies-bcc"])
            #expect(wrong.first { $0.code == "copies-bcc" }?.severity == .error)
            #expect(codes(copies("-o \(name)=", "-o \(name)=archive@example.org")) == ["copies-bcc"])
        }
    }

    @Test func limitsOfCopies() {
        #expect(
            codes(copies("  -o smtpd_authorized_xforward_hosts=127.0.0.0/8\n", "")) == ["copies-untraced"])
        #expect(copies("  -o smtpd_authorized_xforward_hosts=127.0.0.0/8\n", "").map(\.severity) == [.notice])
        let small = copies(
            "127.0.0.0/8\n  -o message_size_limit=78643200", "127.0.0.0/8\n  -o message_size_limit=52428800")
        #expect(codes(small) == ["copies-size-limit"] && small.first?.remedy == "-o message_size_limit=78643200")
        #expect(
            codes(copies("smtpd_milters=", "receive_override_options=no_address_mappings,no_milters"))
                == ["copies-unmapped"])
        // The budget of all copies against the time that Postfix waits, for both ways in.
        let late = examine(main: "milter_content_timeout = 140s") { $0.endOfMessageBudget = 120 }
        #expect(codes(late) == ["timeout"])
        #expect(examine(main: "milter_content_timeout = 150s") { $0.endOfMessageBudget = 120 } == [])
        let cleanup = examine(replacing: [
            ("  -o message_size_limit=78643200", "  -o message_size_limit=78643200 -o milter_content_timeout=60s")
        ])
        #expect(codes(cleanup) == ["timeout"])
    }

    // MARK: - Proxies

    private static func proxy(
        _ role: ProxySettings.Role, _ listen: String, _ next: String, isOpen: Bool = false
    ) -> MailSite.Proxy {
        MailSite.Proxy(
            name: role.rawValue, role: role, listen: CopyHop(listen), nextHop: CopyHop(next), isOpen: isOpen)
    }

    private static let filters: [MailSite.Proxy] = [
        proxy(.afterQueue, "127.0.0.1:10025", "127.0.0.1:10027"),
        proxy(.assert, "127.0.0.1:10028", "127.0.0.1:10029"),
        proxy(.lmtp, "unix:/var/spool/postfix/guardd/lmtp.sock", "unix:/run/dovecot/lmtp"),
    ]

    /// A site with guardd behind the queue, before Dovecot and on the last step, all as shipped.
    private func proxied(
        main: String = "", replacing: [(String, String)] = [], proxies: [MailSite.Proxy] = filters
    ) throws -> Set<String> {
        let etc = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("etc/postfix")
        var master = "smtp inet n - y - - smtpd\ncleanup unix n - y - 0 cleanup\n  -o message_size_limit=78643200\n"
        for name in ["return", "assert"] {
            master += try String(contentsOf: etc.appendingPathComponent("master.cf.\(name)"), encoding: .utf8)
        }
        for (old, new) in replacing {
            #expect(master.contains(old), "\(old)")
            master = master.replacingOccurrences(of: old, with: new)
        }
        let settings = """
            smtpd_milters =
            non_smtpd_milters =
            content_filter = smtp:[127.0.0.1]:10025
            bounce_size_limit = 1
            default_transport = assert:[127.0.0.1]:10028
            virtual_transport = lmtp:unix:guardd/lmtp.sock

            """
        return codes(examine(main: settings + main, master: master) { $0.proxies = proxies })
    }

    @Test func saysNothingAboutProxiesAsShipped() throws {
        #expect(try proxied() == [])
        #expect(try proxied(main: "content_filter = smtp:inet:localhost:10025") == [])
    }

    @Test func waysAroundProxies() throws {
        #expect(
            try proxied(main: "content_filter =").isSuperset(of: ["smtpd-without-guardd", "non-smtpd-without-guardd"]))
        #expect(try proxied(main: "default_transport = smtp") == ["assert-bypassed"])
        #expect(try proxied(main: "default_transport = smtp\nrelayhost = [127.0.0.1]:10028") == [])
        #expect(try proxied(main: "transport_maps = hash:/etc/postfix/transport") == ["assert-routes"])
        #expect(try proxied(main: "bounce_size_limit = 50000") == ["bounces-in-clear"])
        #expect(
            try proxied(main: "bounce_size_limit = 50000", proxies: [Self.filters[1]]).contains("bounces-in-clear")
                == false)
    }

    @Test func rulesForMailboxesNeedAProxyBeforeThem() {
        let rules = [(name: "support", place: "guardd.toml:7")]
        let missing = examine { $0.mailboxRules = rules }
        #expect(codes(missing) == ["inbound-without-lmtp"])
        #expect(examine { ($0.mailboxRules, $0.proxies) = (rules, [Self.filters[2]]) } == [])
    }

    @Test func circlesAndDoubles() throws {
        #expect(
            try proxied(replacing: [("  -o content_filter=direct:\n", "  -o content_filter=\n")]) == ["assert-loop"])
        let loop = try proxied(replacing: [("  -o content_filter=\n", "  -o content_filter=smtp:[127.0.0.1]:10025\n")])
        #expect(loop.contains("proxy-loop"))
        #expect(
            try proxied(replacing: [
                ("no_unknown_recipient_checks,no_address_mappings,no_header_body_checks", "no_milters")
            ])
                == ["proxy-mapped-twice"])
        #expect(try proxied(main: "smtpd_milters = unix:guardd/milter.sock").contains("milter-and-proxy"))
        #expect(
            try proxied(replacing: [("  -o smtpd_milters=\n", "  -o smtpd_milters=unix:guardd/milter.sock\n")])
                .contains("filtered-twice"))
        #expect(try proxied(replacing: [("127.0.0.1:10027 inet", "127.0.0.1:10099 inet")]).contains("proxy-nowhere"))
    }

    @Test func openProxies() throws {
        func open(_ listen: String, _ isOpen: Bool) throws -> Set<String> {
            try proxied(proxies: Self.filters + [Self.proxy(.lmtp, listen, "unix:/run/dovecot/lmtp", isOpen: isOpen)])
        }
        #expect(try open("0.0.0.0:10024", true) == ["proxy-open"])
        #expect(try open("0.0.0.0:10024", false) == [])
        #expect(try open("127.0.0.1:10024", true) == [])
    }

    @Test func tablesOfMilters() {
        let map = "# office\n192.0.2.0/24 DISABLE\n198.51.100.0/24 unix:guardd/milter.sock\n"
        let found = examine(main: "smtpd_milter_maps = cidr:/maps", files: ["/maps": map])
        #expect(codes(found) == ["milter-map-without-guardd"])
        #expect(found.map(\.line) == [2])
        #expect(
            codes(examine(main: "smtpd_milter_maps = inline:{ 192.0.2.1 = DISABLE }"))
                == ["milter-map-without-guardd"])
        #expect(codes(examine(main: "smtpd_milter_maps = static:{DISABLE}")) == ["milter-map-without-guardd"])
        #expect(codes(examine(main: "smtpd_milter_maps = mysql:/maps")) == ["milter-map-unread"])
        #expect(
            codes(examine(main: "smtpd_milter_maps = pcre:/p", files: ["/p": "/^192 0/ inet:127.0.0.1:1"]))
                == ["milter-map-without-guardd"])
    }

    @Test func trimmedMacros() {
        let found = examine(main: "milter_mail_macros = i {mail_addr}")
        #expect(codes(found) == ["macros-trimmed"])
        #expect(found.first?.remedy == "milter_mail_macros = i {mail_addr} {auth_authen}")
        #expect(codes(examine(main: "milter_connect_macros = j")) == ["macros-trimmed"])
        #expect(codes(examine(main: "milter_rcpt_macros =")) == ["macros-trimmed"])
        #expect(codes(examine(main: "milter_helo_macros =")) == [])
        #expect(codes(examine(main: "milter_helo_macros =") { $0.usesCertificates = true }) == ["macros-trimmed"])
        #expect(codes(examine(main: "milter_protocol = 2")) == ["milter-protocol"])
        let unnamed = examine(replacing: [("  -o milter_macro_daemon_name=ORIGINATING\n", "")])
        #expect(unnamed.map(\.severity) == [.notice])
        #expect(
            examine(replacing: [("  -o milter_macro_daemon_name=ORIGINATING\n", "")]) { $0.usesLogin = false }
                .map(\.severity) == [.error])
    }

    @Test func orderOfFilters() {
        func list(_ text: String, files: [String: String] = [:]) -> Set<String> {
            codes(examine(main: "smtpd_milters = \(text)", files: files))
        }
        #expect(list("inet:127.0.0.1:8891, unix:guardd/milter.sock") == ["signer-before-guardd"])
        #expect(list("unix:guardd/milter.sock unix:opendkim/opendkim.sock") == [])
        #expect(
            list("unix:guardd/milter.sock, { unix:/run/mimedefang.sock, default_action=accept }")
                == ["editor-after-guardd"])
        #expect(list("unix:guardd/milter.sock, inet:127.0.0.1:9999") == ["unknown-after-guardd"])
        #expect(
            list(
                "unix:guardd/milter.sock, inet:localhost:8891",
                files: ["/etc/opendkim.conf": "Domain example.org\nAuthservID guardd.mx.example.org\n"])
                == ["authserv-id-shared"])
        #expect(
            list(
                "unix:guardd/milter.sock, inet:localhost:8891", files: ["/etc/opendkim.conf": "Domain example.org\n"])
                == [])
    }

    @Test func limits() {
        let size = examine(replacing: [("  -o message_size_limit=78643200\n", "")])
        #expect(codes(size) == ["cleanup-size-limit"])
        #expect(size.first?.remedy == "-o message_size_limit=78643200")
        #expect(codes(examine(main: "milter_content_timeout = 2m")) == ["timeout"])
        #expect(codes(examine(main: "milter_command_timeout = 5")) == ["timeout"])
        #expect(
            codes(examine(main: "smtpd_milters = { unix:guardd/milter.sock, content_timeout=1m }")) == ["timeout"])
        #expect(
            codes(examine(main: "milter_content_timeout = 200s") { $0.endOfMessageBudget = 240 }) == ["timeout"])
    }

    @Test func sockets() {
        func gateway(_ socket: String) -> (inout MailSite.Gateway) -> Void {
            {
                $0.socket = socket
                $0.endpoint = MilterEndpoint(guardd: socket)
            }
        }
        let outside = examine(
            main: "smtpd_milters = unix:/run/guardd/milter.sock", gateway: gateway("/run/guardd/milter.sock"))
        #expect(codes(outside).contains("socket-outside-chroot") && codes(outside).contains("wrong-socket"))
        // The same in a chroot, written as from the inside.
        #expect(examine(main: "smtpd_milters = unix:/guardd/milter.sock") == [])
        for notation in ["inet:8889@127.0.0.1", "inet:localhost:8889"] {
            #expect(
                codes(examine(main: "smtpd_milters = inet:127.0.0.1:8889", gateway: gateway(notation)))
                    == ["milter-over-tcp"], "\(notation)")
        }
        #expect(
            codes(examine(main: "smtpd_milters = inet:192.0.2.1:8889", gateway: gateway("inet:192.0.2.1:8889")))
                == ["milter-over-network"])
    }

    @Test func socketPermissions() throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("doctor-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let socket = directory.appendingPathComponent("milter.sock").path
        try Data().write(to: URL(fileURLWithPath: socket))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: socket)
        let found = examine(
            main: "mail_owner = nobody\nqueue_directory = \(directory.path)\nsmtpd_milters = unix:milter.sock"
        ) {
            $0.socket = "unix:" + socket
            $0.endpoint = MilterEndpoint(guardd: socket)
        }
        #expect(codes(found) == ["socket-permissions"])
    }

    @Test func routes() {
        #expect(codes(examine(main: "always_bcc = archive@example.org")) == ["automatic-bcc"])
        #expect(codes(examine(main: "recipient_bcc_maps = hash:/etc/postfix/bcc")) == ["automatic-bcc"])
        let back = Self.master + "\n127.0.0.1:10026 inet n - n - - smtpd\n"
        #expect(
            codes(examine(main: "content_filter = smtp:[127.0.0.1]:10025", master: back))
                == ["content-filter-loop", "filtered-twice"])
        #expect(codes(examine(main: "smtpd_forbid_bare_newline = no")) == ["smuggling"])
    }

    @Test func theWorstComesFirst() {
        let found = examine(main: "always_bcc = a@example.org\nnon_smtpd_milters =\nmilter_content_timeout = 1m")
        #expect(found.map(\.severity) == found.map(\.severity).sorted(by: >))
        #expect(found.first?.severity == .error)
    }
}
