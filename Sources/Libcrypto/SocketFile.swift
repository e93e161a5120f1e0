import Glibc

/// Creates a unix socket to listen on: a stale one is replaced, a live one is not, and the path only ever names a socket
/// that has its mode, owner and group already.
public struct SocketFile: Sendable {
    public let path: String

    public init(path: String) { self.path = path }

    /// A bound socket that does not listen yet.
    public func create(mode: UInt32, group: String?, owner: UInt32?) throws(SocketFileError) -> CInt {
        let groupID: gid_t
        if let group {
            guard let found = Self.groupID(group) else {
                throw SocketFileError(
                    .unknownGroup, "the group \"\(group)\" of \(path) does not exist; create it or correct socket_group"
                )
            }
            groupID = found
        } else {
            groupID = gid_t.max
        }
        guard !isAnswered() else {
            throw SocketFileError(.socketInUse, "another process answers on \(path); stop it, or choose another socket")
        }
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw failure("create") }
        let temporary = "\(path).\(getpid())"
        Self.remove(temporary)
        do throws(SocketFileError) {
            guard let bound = Self.withAddress(temporary, { bind(descriptor, $0, $1) }) else {
                throw SocketFileError(.cannotListen, "the path \(path) is too long for a socket")
            }
            guard bound == 0 else { throw failure("create") }
            guard chown(temporary, owner ?? uid_t.max, groupID) == 0 else {
                throw failure("give group \(group ?? "-") to")
            }
            guard chmod(temporary, mode) == 0 else { throw failure("set the mode of") }
            guard rename(temporary, path) == 0 else { throw failure("name") }
            return descriptor
        } catch {
            Self.remove(temporary)
            close(descriptor)
            throw error
        }
    }

    /// Lets as many connections wait to be accepted. SwiftNIO listens on a socket that it is given with a queue of its own,
    /// and a client that finds it full is turned away; the system takes the last word.
    public static func setQueue(_ length: CInt, of descriptor: CInt) { _ = listen(descriptor, length) }

    /// Takes the name away.
    public func remove() { Self.remove(path) }

    private static func remove(_ path: String) { _ = unlink(path) }

    /// Whether somebody accepts connections there; makes one and closes it, without waiting in a full queue.
    private func isAnswered() -> Bool {
        let descriptor = socket(
            AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return Self.withAddress(path) { connect(descriptor, $0, $1) == 0 || errno == EAGAIN } ?? false
    }

    private func failure(_ what: String) -> SocketFileError {
        SocketFileError(
            .cannotListen,
            "cannot \(what) the socket \(path): \(String(cString: strerror(errno))); its directory must exist and be writable for guardd, and guardd a member of the group"
        )
    }

    /// Lends an address; nil where the path is too long for one.
    private static func withAddress<R>(
        _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> R
    ) -> R? {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return nil }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }

    private static func groupID(_ name: String) -> gid_t? {
        if let number = gid_t(name) { return number }
        guard let entry = getgrnam(name) else { return nil }
        return entry.pointee.gr_gid
    }
}

/// Why a unix socket cannot be listened on.
public struct SocketFileError: Error, Sendable, Equatable {
    public enum Code: Sendable { case socketInUse, unknownGroup, cannotListen }

    public let code: Code
    /// What was wrong, and what to do.
    public let message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}
