import Glibc
import NIOCore

/// What SO_PEERCRED tells (unix(7)): the layout of the kernel's `struct ucred`.
private struct PeerCredentials: Sendable {
    var process: Int32 = 0
    var user: UInt32 = 0
    var group: UInt32 = 0
}

extension Peer {
    /// Asks the kernel who made the connection.
    static func of(_ channel: any Channel) async -> Peer {
        guard channel.localAddress?.protocol == .unix else {
            return channel.remoteAddress?.ipAddress.map(Peer.network) ?? .unknown
        }
        guard let socket = channel as? any SocketOptionProvider else { return .unknown }
        let future: EventLoopFuture<PeerCredentials> = socket.unsafeGetSocketOption(
            level: .socket, name: .init(rawValue: SO_PEERCRED))
        guard let credentials = try? await future.get() else { return .unknown }
        return .local(user: credentials.user, group: credentials.group, process: credentials.process)
    }
}
