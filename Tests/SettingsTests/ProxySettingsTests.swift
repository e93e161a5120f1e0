import MailFlow
import Testing

@testable import Settings

@Suite struct ProxySettingsTests {
    private func read(_ proxies: String) throws -> Configuration {
        try Configuration(parsing: "local_domains = [\"example.org\"]\n" + proxies, file: "t.toml", hostname: "mx.test")
    }

    private func problems(_ proxies: String) -> [String] {
        do {
            _ = try read(proxies)
            return []
        } catch let error as ConfigurationError {
            return error.problems.map(\.description)
        } catch {
            return ["\(error)"]
        }
    }

    private static let box = """
        [[proxy]]
        role = "lmtp"
        listen = "unix:/run/guardd/lmtp.sock"
        next_hop = "unix:/run/dovecot/lmtp"

        """

    @Test func whatIsNotWrittenHasAPreset() throws {
        let proxy = try #require(try read(Self.box).proxies.first)
        #expect(proxy.name == "1" && proxy.role == .lmtp && proxy.declaration == ProxyDeclaration(direction: .inbound))
        #expect(proxy.peers.map(\.description) == ["127.0.0.0/8", "0:0:0:0:0:0:0:1/128"])
        #expect(proxy.maxConnections == 400 && proxy.tls == .none)
        #expect(try !read(Self.box).policy.isAsserted)
    }

    @Test func everythingCanBeWritten() throws {
        let text = """
            [[proxy]]
            name = "filter"
            role = "after-queue"
            direction = "outbound"
            may_sign = true
            listen = "[::1]:10025"
            next_hop = "mx.example.org:25"
            peers = ["192.0.2.0/24"]
            tls = "required"
            tls_certificate = "/etc/a.pem"
            tls_key = "/etc/a.key"
            next_hop_tls = "required"
            next_hop_tls_name = "mx.example.org"
            next_hop_tls_ca = "/etc/ca.pem"
            max_size = "20 MiB"
            max_connections = 10
            max_recipients = 50
            command_timeout = "1 min"
            content_timeout = 30
            next_hop_timeout = 40
            eom_budget = 90
            keep_connections = 0
            socket_mode = "0600"
            socket_group = ""
            [[proxy]]
            role = "assert"
            listen = "127.0.0.1:10028"
            next_hop = "127.0.0.1:10029"
            [[proxy]]
            role = "lmtp"
            trust_verdicts_from = "milter"
            listen = "127.0.0.1:10024"
            next_hop = "127.0.0.1:24"
            """
        let configuration = try read(text)
        let proxy = try #require(configuration.proxies.first)
        #expect(proxy.declaration == ProxyDeclaration(direction: .outbound, maySign: true))
        #expect(
            proxy.maxSize == 20 << 20 && proxy.commandTimeout == 60 && proxy.budget == 90 && proxy.socketGroup == nil)
        #expect(proxy.keepConnections == 0 && configuration.proxies[1].keepConnections == 5)
        #expect(proxy.nextHopTLS == .required && proxy.tls == .required)
        #expect(configuration.proxies[1].declaration.direction == .outbound && configuration.policy.isAsserted)
        #expect(configuration.proxies[2].declaration.trustsVerdicts)
        var other = proxy
        other.nextHop = "127.0.0.1:26"
        other.declaration.maySign = false
        other.keepConnections = 7
        #expect(other.listensLike(proxy))
        other.maxConnections = 11
        #expect(!other.listensLike(proxy))
    }

    @Test(arguments: [
        ("role = \"lmtp\"", "role = \"imap\"", "role"),
        ("role = \"lmtp\"\n", "", "names no role"),
        ("listen = \"unix:/run/guardd/lmtp.sock\"\n", "", "names no listen"),
        ("next_hop = \"unix:/run/dovecot/lmtp\"\n", "", "names no next_hop"),
        ("unix:/run/dovecot/lmtp", "unix:/run/guardd/lmtp.sock", "circles"),
        ("unix:/run/dovecot/lmtp", "nowhere", "no address"),
        ("unix:/run/dovecot/lmtp", "127.0.0.1:0", "no address"),
        ("role = \"lmtp\"", "role = \"after-queue\"", "names no direction"),
        ("role = \"lmtp\"", "role = \"assert\"\ndirection = \"inbound\"", "outgoing"),
        ("role = \"lmtp\"", "role = \"lmtp\"\ntls = \"may\"", "tls_certificate"),
        ("role = \"lmtp\"", "role = \"lmtp\"\ntrust_verdicts_from = \"anybody\"", "milter"),
        ("role = \"lmtp\"", "role = \"lmtp\"\npeers = [\"192.0.2.1/24\"]", "peers"),
        ("role = \"lmtp\"", "role = \"lmtp\"\nmax_conections = 3", "max_connections"),
    ])
    func mistakesAreNamed(_ old: String, _ new: String, _ word: String) {
        let found = problems(Self.box.replacing(old, with: new))
        #expect(found.count == 1 && found.allSatisfy { $0.contains(word) && $0.hasPrefix("t.toml:") }, "\(found)")
    }

    @Test func twoCannotBeTheSame() {
        let found = problems(Self.box + Self.box)
        #expect(found.contains { $0.contains("two proxies listen") } && found.allSatisfy { $0.hasPrefix("t.toml:") })
    }
}
