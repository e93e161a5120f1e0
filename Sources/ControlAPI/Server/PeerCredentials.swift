import Glibc
import NIOCore

/// What SO_PEERCRED tells (unix(7)): the layout of the kernel's `struct ucred`.
private struct PeerCredentials: Sendable {
    var process: Int32 = 0
    var user: UInt32 = 0
    var group: UInt32 = 0
}

extension Peer {
    /// Asks the kernel who made a connection to a unix socket.
    static func local(_ channel: any Channel) -> EventLoopFuture<Peer> {
        guard let socket = channel as? any SocketOptionProvider else {
            return channel.eventLoop.makeSucceededFuture(.unknown)
        }
        let future: EventLoopFuture<PeerCredentials> = socket.unsafeGetSocketOption(
            level: .socket, name: .init(rawValue: SO_PEERCRED))
        return future.map { .local(user: $0.user, group: $0.group, process: $0.process) }
            .recover { _ in .unknown }
    }

    /// Who is at the other end of a network connection.
    static func remote(_ channel: any Channel) -> Peer {
        channel.remoteAddress?.ipAddress.map(Peer.network) ?? .unknown
    }
}
