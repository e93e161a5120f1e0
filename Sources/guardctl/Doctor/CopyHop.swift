/// Where guardd hands mail to, or takes it: `host:port`, or the path of a socket.
enum CopyHop: Equatable, CustomStringConvertible {
    case inet(host: String, port: String)
    case unix(String)

    /// As `[split] next_hop`, or `listen` and `next_hop` of a `[[proxy]]`.
    init(_ text: String) {
        if text.hasPrefix("unix:") {
            self = .unix(String(text.dropFirst("unix:".count)))
            return
        }
        let colon = text.hasSuffix("]") ? nil : text.lastIndex(of: ":")
        let host = text[..<(colon ?? text.endIndex)]
        let port = colon.map { text[text.index(after: $0)...] } ?? "25"
        self = .inet(host: Self.fold(host), port: String(port))
    }

    /// As the next hop of a transport.
    var bracketed: String {
        switch self {
        case .inet(let host, let port): "[\(host)]:\(port)"
        case .unix: description
        }
    }

    /// Whether it is this machine for sure.
    var isHere: Bool {
        switch self {
        case .inet(let host, _): host.hasPrefix("127.")
        case .unix: true
        }
    }

    /// Whether a service of `master.cf` listens there.
    func leads(to service: MasterService, queueDirectory: String) -> Bool {
        switch self {
        case .unix(let path):
            return service.type == "unix"
                && ["public", "private"].contains { path == "\(queueDirectory)/\($0)/\(service.name)" }
        case .inet(let host, let port):
            guard service.type == "inet" else { return false }
            let name = service.name[...]
            guard let colon = name.lastIndex(of: ":") else { return name == port }
            return name[name.index(after: colon)...] == port && Self.fold(name[..<colon]) == host
        }
    }

    private static func fold(_ host: Substring) -> String {
        let bare = host.filter { $0 != "[" && $0 != "]" }.lowercased()
        return ["localhost", "::1"].contains(bare) ? "127.0.0.1" : bare
    }

    var description: String {
        switch self {
        case .inet(let host, let port): "\(host):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }
}
