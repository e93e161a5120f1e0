/// Who is at the other end of the connection.
public enum Peer: Sendable, Equatable {
    /// A process of this machine, as the kernel names it.
    case local(user: UInt32, group: UInt32, process: Int32)
    /// A network address, as text without port.
    case network(String)
    case unknown

    /// For the log and for counting: a user ID, or an address.
    var name: String {
        switch self {
        case .local(let user, _, _): "uid:\(user)"
        case .network(let address): "ip:\(address)"
        case .unknown: "unknown"
        }
    }

    /// The user ID of a local process; nil for everybody else.
    public var user: UInt32? {
        guard case .local(let user, _, _) = self else { return nil }
        return user
    }
}
