/// Where guardd listens, in the notation of either side: Postfix writes `inet:host:port`, libmilter `inet:port@host`,
/// both write `unix:path`; `local:path` and a bare absolute path mean the same.
public enum ListenAddress: Sendable, Equatable {
    /// Absolute path of a unix domain socket.
    case unix(path: String)
    /// IPv4, or IPv6 when `v6`; `host` is a name or a literal without brackets, nil means every interface.
    case inet(port: UInt16, host: String?, v6: Bool)

    /// The longest path `sockaddr_un` can hold, without its terminating zero.
    static let maximumPathLength = 107

    /// Reads any of the notations above; throws `MilterError.badSocket` with an example of what to write.
    public init(_ notation: String) throws {
        let usage = "write unix:/path/to/socket, inet:host:port or inet:port@host"
        func bad(_ what: String) -> MilterError { MilterError(.badSocket, "socket \"\(notation)\": \(what); \(usage)") }
        guard notation.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { throw bad("blank or non-ASCII character") }

        if notation.hasPrefix("/") {
            self = try .unix(path: Self.checked(path: notation, bad))
            return
        }
        guard let colon = notation.firstIndex(of: ":") else { throw bad("no socket type") }
        let scheme = notation[..<colon].lowercased()
        let rest = String(notation[notation.index(after: colon)...])
        switch scheme {
        case "unix", "local":
            self = try .unix(path: Self.checked(path: rest, bad))
        case "inet", "inet6":
            let (port, host) = try Self.endpoint(rest, bad)
            self = .inet(port: port, host: host, v6: scheme == "inet6")
        default:
            throw bad("unknown socket type \"\(scheme)\"")
        }
    }

    private static func checked(path: String, _ bad: (String) -> MilterError) throws -> String {
        guard path.hasPrefix("/") else { throw bad("the path must be absolute") }
        guard path.utf8.count <= maximumPathLength else {
            throw bad("the path is longer than \(maximumPathLength) bytes")
        }
        return path
    }

    private static func endpoint(_ text: String, _ bad: (String) -> MilterError) throws -> (UInt16, String?) {
        let portText: Substring
        var host: Substring
        if let at = text.firstIndex(of: "@") {
            portText = text[..<at]
            host = text[text.index(after: at)...]
        } else if let colon = text.lastIndex(of: ":") {
            portText = text[text.index(after: colon)...]
            host = text[..<colon]
        } else {
            portText = text[...]
            host = ""
        }
        guard let port = UInt16(portText), port > 0 else { throw bad("\"\(portText)\" is not a port number") }
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        guard !host.contains("@"), !host.contains("["), !host.contains("]") else { throw bad("bad host \"\(host)\"") }
        return (port, host.isEmpty || host == "*" ? nil : String(host))
    }

    /// What `smfi_setconn` wants. Literals go in brackets so that the library does not ask the DNS.
    var libmilterNotation: String {
        switch self {
        case .unix(let path): return "local:\(path)"
        case .inet(let port, let host, let v6):
            let scheme = v6 ? "inet6" : "inet"
            guard let host else { return "\(scheme):\(port)" }
            let literal = host.contains(":") || host.utf8.allSatisfy { $0 == 0x2E || (0x30...0x39).contains($0) }
            return literal ? "\(scheme):\(port)@[\(host)]" : "\(scheme):\(port)@\(host)"
        }
    }
}
