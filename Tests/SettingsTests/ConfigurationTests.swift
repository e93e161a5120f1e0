import Foundation
import Guard
import MIME
import MailFlow
import OpenPGP
import Settings
import Testing

private func parse(_ text: String) throws -> Configuration {
    try Configuration(parsing: text, file: "g.toml", hostname: "mx.example.org")
}

private func problems(_ text: String) -> [String] {
    do {
        _ = try parse(text)
        return []
    } catch let error as ConfigurationError {
        return error.problems.map(\.description)
    } catch {
        return ["\(error)"]
    }
}

@Suite struct ConfigurationTests {
    private static let sample = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("etc/guardd.toml")

    @Test func emptyFileHasTheDocumentedDefaults() throws {
        let configuration = try parse("")
        #expect(configuration.service == ServiceSettings(hostname: "mx.example.org"))
        #expect(configuration.service.socket == "unix:/var/spool/postfix/guardd/milter.sock")
        #expect(configuration.service.socketMode == 0o660)
        #expect(configuration.service.socketGroup == "postfix")
        #expect(configuration.policy == Policy(authservID: "guardd.mx.example.org"))
        #expect(configuration.policy.maxInspectSize == 64 << 20)
        #expect(configuration.policy.ladder.outboundDaemons == ["ORIGINATING"])
    }

    @Test func shippedFileWorksAndLetsReportsPass() throws {
        let configuration = try Configuration.load(path: Self.sample.path, hostname: "mx.example.org")
        #expect(configuration.service == ServiceSettings(hostname: "mx.example.org"))
        let rules = configuration.policy.rules
        #expect(rules.map(\.name) == ["null-sender", "auto-submitted", "everything"])
        for rule in rules.prefix(2) {
            #expect(rule.encrypt == .opportunistic)
            #expect(rule.sign == .never)
            #expect(rule.missingKey == .sendClear)
        }
        #expect(rules.first?.nullSender == true)
        #expect(rules.dropFirst().first?.autoSubmitted == true)
    }

    /// Every commented default of the sample is a setting that exists and has the value that is written there.
    @Test func commentedDefaultsAreTheDefaults() throws {
        let text = try String(contentsOf: Self.sample, encoding: .utf8)
        let head = text.components(separatedBy: "[control]").first ?? ""
        let lines = head.split(separator: "\n").filter { $0.hasPrefix("# ") && $0.contains(" = ") }
            .map { String($0.dropFirst(2)) }
            .filter { line in
                !["user", "group", "hostname", "local_domains", "authserv_id", "reinjection_peers", "spool_directory"]
                    .contains { line.hasPrefix($0 + " =") }
            }
        #expect(lines.count > 12)
        let configuration = try parse(lines.joined(separator: "\n"))
        #expect(configuration == (try parse("")))
    }

    @Test func commentedDefaultsOfTheControlAPIAreTheDefaults() throws {
        let text = try String(contentsOf: Self.sample, encoding: .utf8)
        let section = text.components(separatedBy: "[control]").last?.components(separatedBy: "[direction]").first ?? ""
        let lines = section.split(separator: "\n").filter { $0.hasPrefix("# ") && $0.contains(" = ") }
            .map { $0.dropFirst(2) }
        #expect(lines.count > 15)
        #expect(try parse("[control]\n" + lines.joined(separator: "\n")).control == ControlSettings())
        #expect(try parse("").control == nil)
    }

    @Test func commentedDefaultsOfOwnMailAreTheDefaults() throws {
        let text = try String(contentsOf: Self.sample, encoding: .utf8)
        let section = text.components(separatedBy: "[guard.mail]").last?.components(separatedBy: "###").first ?? ""
        let lines = section.split(separator: "\n").filter { $0.hasPrefix("# ") && $0.contains(" = ") }
            .map { $0.dropFirst(2) }
        #expect(lines.count > 8)
        #expect(try parse("[guard.mail]\n" + lines.joined(separator: "\n")).guard == GuardConfiguration())
    }

    @Test(arguments: ["[guard.guests]", "[guard.support]"])
    func commentedDefaultsOfGuestsAndSupportAreTheDefaults(_ table: String) throws {
        let text = try String(contentsOf: Self.sample, encoding: .utf8)
        let section = text.components(separatedBy: table).last?.components(separatedBy: "\n\n").first ?? ""
        let lines = section.split(separator: "\n").filter { $0.hasPrefix("# ") && $0.contains(" = ") }
            .map { $0.dropFirst(2) }
        #expect(lines.count > 1)
        #expect(try parse("\(table)\n" + lines.joined(separator: "\n")).guard == GuardConfiguration())
    }

    @Test func settingsOfGuestsAndSupportAreRead() throws {
        let settings = try parse(
            """
            [guard.guests]
            allowed = true
            first_page = "https://g.example.org/?i={item}"
            reset_page = "https://g.example.org/?r={resetid}"
            pin = true
            link_lifetime = "2 h"
            message_lifetime = "3 d"
            max_messages = 4
            max_size = "5 MiB"
            [guard.support]
            exposure = "6 h"
            public_url = "https://g.example.org"
            """
        ).guard.settings
        var guests = GuestSettings()
        guests.areAllowed = true
        guests.firstPage = "https://g.example.org/?i={item}"
        guests.resetPage = "https://g.example.org/?r={resetid}"
        guests.usesPINs = true
        guests.linkHours = 2
        guests.messageDays = 3
        guests.maximumMessages = 4
        guests.maximumOctets = 5 << 20
        #expect(settings.guests == guests)
        #expect(settings.support.exposureHours == 6 && settings.support.publicURL == "https://g.example.org")
    }

    @Test(arguments: [
        "[guard.guests]\nallowed = true", "[guard.guests]\nfirst_page = \"https://x/\"",
        "[guard.support]\nexposure = 5",
        "[guard.support]\npublic_url = \"x\"",
    ])
    func mistakesInGuestsAndSupportAreNamed(_ text: String) {
        #expect(problems(text).count == 1)
    }

    @Test func settingsOfOwnMailAreRead() throws {
        let configuration = try parse(
            """
            [guard.mail]
            smtp = "[::1]:587"
            tls = "required"
            tls_name = "mail.example.org"
            tls_ca = "/etc/ca.pem"
            timeout = "5 s"
            from = "guardd@example.org"
            from_name = "Schlüsseldienst"
            product = "Tresor"
            templates = "/etc/guardd/templates"
            """
        ).guard
        var hop = MailHop(address: "[::1]:587")
        hop.tls = .required
        hop.tlsName = "mail.example.org"
        hop.authorities = "/etc/ca.pem"
        hop.timeout = 5
        #expect(configuration.hop == hop)
        let mail = configuration.settings.mail
        #expect(
            mail.from
                == Mailbox(displayName: "Schlüsseldienst", address: try #require(EmailAddress("guardd@example.org"))))
        #expect(mail.product == "Tresor" && mail.templates == "/etc/guardd/templates")
    }

    @Test(arguments: [
        "smtp = \"127.0.0.1:25\"", "from = \"nobody\"", "templates = \"here\"", "tls = \"maybe\"", "unknown = 1",
    ])
    func mistakesInOwnMailAreNamed(_ text: String) {
        #expect(problems("[guard.mail]\n" + text).count == 1)
    }

    @Test func controlSettingsAreRead() throws {
        let control = try #require(
            try parse(
                """
                [control]
                socket = "unix:/c"
                socket_mode = "0600"
                socket_group = "www-data"
                tcp = "[::1]:8444"
                tls_certificate = "/cert"
                tls_key = "/key"
                trusted_users = "www-data"
                support_users = []
                mail_users = ["vmail", "7"]
                client_credentials = "/c"
                support_credentials = "/s"
                mail_credentials = "/m"
                max_mail_size = "1 MiB"
                max_body_size = "64 KiB"
                memory_budget = "2 MiB"
                max_connections = 9
                head_timeout = 3
                body_timeout = "4 s"
                """
            ).control)
        var expected = ControlSettings()
        expected.socket = "/c"
        expected.socketMode = 0o600
        expected.socketGroup = "www-data"
        expected.tcp = .init(host: "::1", port: 8444)
        expected.tls = .init(certificate: "/cert", key: "/key")
        expected.trustedUsers = ["www-data"]
        expected.supportUsers = []
        expected.mailUsers = ["vmail", "7"]
        expected.clientCredentials = "/c"
        expected.supportCredentials = "/s"
        expected.mailCredentials = "/m"
        expected.maxMailSize = 1 << 20
        expected.maxBodySize = 64 << 10
        expected.memoryBudget = 2 << 20
        expected.maxConnections = 9
        expected.headTimeout = 3
        expected.bodyTimeout = 4
        #expect(control == expected)
    }

    @Test(arguments: [
        "tcp = \"192.0.2.1:1\"", "tcp = \"127.0.0.1:1\"", "tcp = \"192.0.2.1:1\"\nplain_on_loopback = true",
        "tcp = \"127.evil.example:1\"\nplain_on_loopback = true", "tcp = \"1\"", "tls_key = \"/k\"", "socket = \"x\"",
        "socket_mode = \"9\"", "mail_credentials = \"x\"",
    ]) func unsafeControlSettingsAreRefused(_ text: String) {
        #expect(problems("[control]\n" + text).count == 1)
    }

    @Test func plainTextOnLoopbackIsADecision() throws {
        let control = try parse("[control]\ntcp = \"127.0.0.1:8444\"\nplain_on_loopback = true").control
        #expect(control?.tcp == .init(host: "127.0.0.1", port: 8444))
    }

    @Test func everySettingIsRead() throws {
        let configuration = try parse(
            """
            socket = "inet:127.0.0.1:8890"
            socket_mode = "0600"
            socket_group = ""
            user = "guardd"
            group = "mail"
            log = "syslog"
            syslog_facility = "local3"
            hostname = "MAIL.example.org"
            store = "/s"
            master_key = "/m"
            drain_timeout = "2 m"
            max_messages = 7
            workers = 2
            memory_budget = "1 GiB"
            spool_directory = "/tmp"
            local_domains = ["Example.ORG", "bücher.example"]
            authserv_id = "id.example.org"
            annotate_unsigned = false
            max_inspect_size = "1 MiB"
            message_size_limit = 10240000
            remove_own_dkim = false
            hide-blind-copies = false
            reinjection_peers = ["127.0.0.1", "2001:db8::/32"]
            marker_lifetime = "1 d"
            [direction]
            outbound_daemons = []
            login = false
            client_certificate = true
            non-smtp = false
            trusted_networks = ["192.0.2.0/24"]
            [sign_as]
            "al-ice" = ["alice@example.org", "@sales.example.org"]
            al_ice = "other@example.org"
            "a.b" = "ab@example.org"
            [[rule]]
            name = "one"
            sender = "<>"
            recipient = ["a@b.example", "@c.example", ".d.example", "*"]
            from_header = ["@e.example"]
            null_sender = false
            auto-submitted = false
            list = true
            content-type = ["text/calendar"]
            header = ["X-A", "X-B: c*"]
            encrypt = "required"
            sign = "required"
            missing_key = "defer"
            sign_without_login = true
            inbound = "decrypt"
            openpgp_form = "inline"
            [smime]
            decrypt_unauthenticated = true
            """)
        #expect(configuration.service.hostname == "mail.example.org")
        #expect(configuration.service.socketGroup == nil)
        #expect(configuration.service.drainTimeout == 120)
        #expect(configuration.service.memoryBudget == 1 << 30)
        #expect(configuration.policy.localDomains == ["example.org", "xn--bcher-kva.example"])
        #expect(
            configuration.policy.reinjectionPeers.map(\.description) == ["127.0.0.1/32", "2001:db8:0:0:0:0:0:0/32"])
        #expect(configuration.policy.markerLifetime == 86400)
        #expect(!configuration.policy.ladder.login && !configuration.policy.ladder.local)
        #expect(configuration.policy.ladder.clientCertificate)
        let rule = try #require(configuration.policy.rules.first)
        #expect(rule.sender == [.null])
        #expect(rule.recipient.count == 4)
        #expect(rule.encrypt == .required && rule.sign == .required && rule.missingKey == .defer)
        #expect(
            rule.signWithoutLogin && rule.inbound == .decrypt && rule.openpgpForm == .inline
                && configuration.policy.opensUnauthenticated)
        #expect(rule.header.map(\.value) == [nil, "c*"])
        #expect(
            configuration.policy.signAs
                == SignAs([
                    "al-ice": [try AddressPattern("alice@example.org"), try AddressPattern("@sales.example.org")],
                    "al_ice": [try AddressPattern("other@example.org")], "a.b": [try AddressPattern("ab@example.org")],
                ]))
    }

    @Test(arguments: [
        (
            "a = 1\nsoket = \"unix:/x\"",
            ["g.toml:1: unknown setting a;", "g.toml:2: unknown setting soket; did you mean socket?"]
        ),
        (
            "\nlog = \"sysog\"",
            ["g.toml:2: log = \"sysog\" is none of \"syslog\", \"stderr\"; did you mean \"syslog\"?"]
        ),
        ("max_messages = \"5\"", ["g.toml:1: max_messages is a string; write max_messages = 500"]),
        ("max_messages = 0", ["g.toml:1: max_messages = 0 is out of range; write a number from 1"]),
        (
            "max_inspect_size = \"5 MB\"",
            ["g.toml:1: max_inspect_size cannot be read as an amount; write max_inspect_size = \"64 MiB\""]
        ),
        ("max_inspect_size = 1.5", ["g.toml:1: max_inspect_size is a number with a fraction; write"]),
        ("socket = \"/x\"", ["g.toml:1: socket = \"/x\" names no kind; write unix:/path"]),
        ("socket_mode = 0o660", ["g.toml:1: socket_mode is an integer; write a string"]),
        ("store = \"x\"", ["g.toml:1: store is neither an absolute path nor a URL"]),
        ("annotate_unsigned = 1", ["g.toml:1: annotate_unsigned is an integer; write annotate_unsigned = true or"]),
        ("rule = 1", ["g.toml:1: rule is an integer; write an array of tables: a line [[rule]]"]),
        (
            "[direction]\nlogin = true\ntrusted_networks = [\n  \"10.0.0.0/8\",\n  \"10.0.0.1/8\",\n]",
            ["g.toml:3: trusted_networks: '10.0.0.1/8' has bits set behind its prefix; write 10.0.0.0/8"]
        ),
        (
            "[[rule]]\nname = \"a\"\n\n[[rule]]\nname = \"b\"\nencrypt = \"requird\"",
            [
                "g.toml:6: encrypt = \"requird\" is none of \"never\", \"opportunistic\", \"required\"; did you mean \"required\"?"
            ]
        ),
        ("[[rule]]\nencrypt = \"required\"\nmissing_key = \"send-clear\"", ["g.toml:3: rule 'rule 1': missing_key"]),
        (
            "[[rule]]\nrecipient = [\"foo\"]",
            ["g.toml:2: recipient: 'foo' is no address pattern; write user@example.org"]
        ),
        ("[[rule]]\nrecipient = []", ["g.toml:2: recipient is empty; leave it out"]),
        ("[[rule]]\nname = \"a\"\n[[rule]]\nname = \"a\"", ["g.toml:4: there are two rules named \"a\""]),
        ("[[rules]]\nname = \"a\"", ["g.toml:1: unknown setting rules; did you mean rule?"]),
        ("a = \"\"\"\nb\n\"\"\"\nlog = 3 # x", ["g.toml:1: unknown", "g.toml:4: log is an integer; write"]),
        (
            "null_sender = 1\n[direction]\nnull-sendr = 1",
            ["g.toml:1: unknown setting null_sender", "g.toml:3: unknown setting null_sendr"]
        ),
        ("x = [", ["g.toml:1: no valid TOML: "]),
        ("local_domains = [\"a b\"]", ["g.toml:1: local_domains: '@a b' names no domain"]),
        ("local_domains = [1]", ["g.toml:1: local_domains holds an integer; write strings"]),
    ]) func mistakesAreNamedWithTheirLine(_ text: String, _ expected: [String]) {
        let found = problems(text)
        #expect(found.count == expected.count)
        for (line, start) in zip(found, expected) { #expect(line.hasPrefix(start), "\(line)") }
    }

    @Test func algorithmsAreChangedOneByOne() throws {
        let policy = try parse(
            """
            [openpgp.policy.data_signatures]
            sha1 = true
            sha224 = false
            [openpgp.policy.self_signatures]
            sha1 = 2028-02-29
            ripemd160 = "2027-01-01"
            made_before = 2020-01-01
            [openpgp.policy.encryption]
            aes128 = false
            eax = false
            [openpgp.policy.decryption]
            3des = 2027-01-01
            [openpgp.policy.signing_keys]
            rsa1024 = true
            [openpgp.policy.encryption_keys]
            rsa2048 = 2031-01-01
            """
        ).policy.algorithms
        var expected = AlgorithmPolicy.standard
        expected.hashes[.sha1, .dataSignature] = .always
        expected.hashes[.sha224, .dataSignature] = .never
        expected.hashes[.sha1, .selfSignature] = .until(
            Timestamp(1_835_395_200), madeBefore: Timestamp(1_577_836_800))
        expected.hashes[.ripemd160, .selfSignature] = .until(
            Timestamp(1_798_761_600), madeBefore: Timestamp(1_577_836_800))
        expected.ciphers[.aes128, .encryption] = .never
        expected.aeadModes[.eax, .encryption] = .never
        expected.ciphers[.tripleDES, .decryption] = .until(Timestamp(1_798_761_600))
        expected.keys[.rsa1024, .signature] = .always
        expected.keys[.rsa2048, .encryption] = .until(Timestamp(1_924_992_000))
        #expect(policy == expected)
        for (text, start) in [
            ("[openpgp.policy.data_signatures]\nmd5 = true", "g.toml:2: unknown setting md5;"),
            ("[openpgp.policy.signing_keys]\nrsa1024 = \"2030-02-30\"", "g.toml:2: rsa1024 names no day"),
            ("[openpgp.policy.signing_keys]\nrsa1024 = 1", "g.toml:2: rsa1024 is an integer; write rsa1024 = true"),
            ("[openpgp.policy.self_signatures]\nmade_before = true", "g.toml:2: made_before is a boolean; write a day"),
            ("[openpgp.polcy]", "g.toml:1: unknown setting polcy; did you mean policy?"),
        ] {
            #expect(problems(text).first?.hasPrefix(start) == true, "\(problems(text))")
        }
    }

    /// The sample shows the exceptions of the built-in tables as they are.
    @Test func commentedAlgorithmsAreTheDefaults() throws {
        let text = try String(contentsOf: Self.sample, encoding: .utf8)
        let section = try #require(text.components(separatedBy: "### Algorithms").last)
        let lines = section.split(separator: "\n").filter {
            $0.hasPrefix("# ") && $0.contains(" = ") || $0.hasPrefix("# [")
        }
        .map { String($0.dropFirst(2)) }
        #expect(lines.count > 12)
        #expect(try parse(lines.joined(separator: "\n")).policy.algorithms == .standard)
    }

    @Test func anUnreadableFileIsNamed() {
        let error = #expect(throws: ConfigurationError.self) {
            try Configuration.load(path: "/nonexistent/guardd.toml", hostname: "h")
        }
        #expect(error?.code == .unreadable)
    }

    @Test func reloadNamesWhatItCannotChange() throws {
        let one = try parse("").service
        let two = try parse("socket = \"unix:/x\"\nmax_messages = 1\ndrain_timeout = 5").service
        #expect(two.fixedSettings(differingFrom: one) == ["socket", "max_messages"])
    }
}
