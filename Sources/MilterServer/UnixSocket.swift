import CMilter
import Glibc

/// Creates the unix socket libmilter listens on: a stale one is replaced, a live one is not, and nobody but the owner can
/// connect before group and mode are what was asked for.
struct UnixSocket {
    let path: String

    func open(mode: mode_t, group: String?, owner: uid_t?) throws {
        let gid = try group.map(Self.groupID)
        guard !isAnswered() else {
            throw MilterError(.socketInUse, "another process answers on \(path); stop it, or choose another socket")
        }
        try checkDirectory()
        let previous = umask(0o177)
        let opened = smfi_opensocket(1)
        umask(previous)
        guard opened == MI_SUCCESS else {
            throw MilterError(
                .cannotListen, "cannot create \(path): \(Self.reason()); its directory must be writable for guardd")
        }
        guard chown(path, owner ?? uid_t.max, gid ?? gid_t.max) == 0 else {
            throw MilterError(
                .cannotListen,
                "cannot give \(path) to group \(group ?? "-"): \(Self.reason()); add guardd's user to that group, or set socket_group"
            )
        }
        guard chmod(path, mode) == 0 else {
            throw MilterError(.cannotListen, "cannot set mode \(String(mode, radix: 8)) on \(path): \(Self.reason())")
        }
    }

    private func checkDirectory() throws {
        let slash = path.lastIndex(of: "/") ?? path.startIndex
        let directory = slash == path.startIndex ? "/" : String(path[..<slash])
        var status = stat()
        guard stat(directory, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            throw MilterError(
                .cannotListen,
                "the directory \(directory) of the socket does not exist; create it: install -d -o guardd -g postfix -m 0750 \(directory)"
            )
        }
    }

    /// Whether somebody accepts connections there; makes one and closes it, without waiting in a full queue.
    func isAnswered() -> Bool {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return false }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let descriptor = socket(
            AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0 || errno == EAGAIN
            }
        }
    }

    private static func groupID(_ name: String) throws -> gid_t {
        if let number = gid_t(name) { return number }
        guard let entry = getgrnam(name) else {
            throw MilterError(
                .unknownGroup, "the group \"\(name)\" of the socket does not exist; create it or correct socket_group")
        }
        return entry.pointee.gr_gid
    }

    private static func reason() -> String { String(cString: strerror(errno)) }
}
