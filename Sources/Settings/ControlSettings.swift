/// The settings of the control API, `[control]`: where it listens, who may use what, how much at once.
public struct ControlSettings: Sendable, Equatable {
    /// The absolute path of the unix socket; nil for none.
    public var socket: String? = "/run/guardd/control.sock"
    /// Permission bits of the unix socket.
    public var socketMode: UInt32 = 0o660
    /// The group of the unix socket; nil for guardd's own.
    public var socketGroup: String?
    /// Address and port of a listener on TCP; nil for none.
    public var tcp: Endpoint?
    /// Chain and key of TLS, PEM files; nil for plain text, on loopback only.
    public var tls: TLS?
    /// Names or numbers of local users who may open a session for any mailbox.
    public var trustedUsers = ["root"]
    /// Names or numbers of local users who may do what the support desk does.
    public var supportUsers = ["root"]
    /// Names or numbers of local users who may hand in mail for verification and encryption.
    public var mailUsers = ["root"]
    /// Files with Basic credentials: of clients that may open a session for any mailbox, of the support desk, and of mail
    /// filters.
    public var clientCredentials: String?
    public var supportCredentials: String?
    public var mailCredentials: String?
    /// Octets of the longest message handed in, of the longest other body, and of all in work together.
    public var maxMailSize = 64 << 20
    public var maxBodySize = 1 << 20
    public var memoryBudget = 256 << 20
    /// Connections at once; more wait.
    public var maxConnections = 2000
    /// Seconds for the head of a first request, and for a body, an answer or the next request.
    public var headTimeout = 15
    public var bodyTimeout = 60

    /// A host and a port.
    public struct Endpoint: Sendable, Equatable {
        public var host: String
        public var port: Int

        public init(host: String, port: Int) {
            self.host = host
            self.port = port
        }

        /// Whether only this machine can reach it.
        public var isLoopback: Bool {
            host == "localhost" || host == "::1"
                || host.hasPrefix("127.") && host.utf8.allSatisfy { $0 == 0x2E || (0x30...0x39).contains($0) }
        }
    }

    /// Files in PEM.
    public struct TLS: Sendable, Equatable {
        public var certificate: String
        public var key: String

        public init(certificate: String, key: String) {
            self.certificate = certificate
            self.key = key
        }
    }

    public init() {}

    /// Whether both listen at the same places in the same way: what only takes effect at a start.
    public func listensLike(_ other: ControlSettings) -> Bool {
        socket == other.socket && socketMode == other.socketMode && socketGroup == other.socketGroup
            && tcp == other.tcp && tls == other.tls && maxConnections == other.maxConnections
            && headTimeout == other.headTimeout && bodyTimeout == other.bodyTimeout
    }
}
