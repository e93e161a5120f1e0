import Glibc
import Libcrypto

/// A blocking connection to a unix socket that speaks in lines, with one deadline for all it does.
final class UnixConnection {
    struct Failure: Error, Equatable {
        let reason: String
    }

    /// Octets of the longest line (Dovecot's own bound).
    private static let longestLine = 16_384
    private let descriptor: Int32
    private let deadline: Int64
    private var pending: [UInt8] = []

    /// - Parameter seconds: for everything from here on.
    init(path: String, seconds: Int) throws(Failure) {
        deadline = Clock.milliseconds() + Int64(seconds) * 1000
        var address = sockaddr_un()
        let octets = Array(path.utf8)
        guard !octets.isEmpty, octets.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw Failure(reason: "the path is too long")
        }
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: octets) }
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC | O_NONBLOCK, 0)
        guard descriptor >= 0 else { throw Failure(reason: Self.text(errno)) }
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        // EAGAIN: its queue is full, and unix sockets do not wait for it.
        guard status == 0 else { throw Failure(reason: Self.text(errno)) }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    private static func text(_ code: Int32) -> String { String(cString: strerror(code)) }

    private func wait(for events: Int32) throws(Failure) {
        while true {
            let left = deadline - Clock.milliseconds()
            guard left > 0 else { throw Failure(reason: "no answer in time") }
            var entry = pollfd(fd: descriptor, events: Int16(truncatingIfNeeded: events), revents: 0)
            let status = poll(&entry, 1, Int32(clamping: left))
            if status > 0 { return }
            guard status == 0 || errno == EINTR else { throw Failure(reason: Self.text(errno)) }
        }
    }

    func send(_ text: String) throws(Failure) { try send(SecretBytes(copying: Array(text.utf8))) }

    /// Sends a secret that is copied nowhere on the way.
    func send(_ secret: SecretBytes) throws(Failure) {
        var sent = 0
        while sent < secret.count {
            try wait(for: Int32(POLLOUT))
            let count = secret.withBytes { span in
                span.extracting(droppingFirst: sent).withUnsafeBufferPointer {
                    Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
            }
            if count > 0 {
                sent += count
            } else if errno != EAGAIN && errno != EINTR {
                throw Failure(reason: Self.text(errno))
            }
        }
    }

    /// The next line without its end.
    func line() throws(Failure) -> String {
        while true {
            if let end = pending.firstIndex(of: 0x0A) {
                let line = String(decoding: pending[..<end], as: UTF8.self)
                pending.removeSubrange(...end)
                return line
            }
            guard pending.count < Self.longestLine else { throw Failure(reason: "a line is too long") }
            try wait(for: Int32(POLLIN))
            var buffer = [UInt8](repeating: 0, count: 4096)
            let count = read(descriptor, &buffer, buffer.count)
            guard count != 0 else { throw Failure(reason: "the connection was closed") }
            if count > 0 {
                pending += buffer[..<count]
            } else if errno != EAGAIN && errno != EINTR {
                throw Failure(reason: Self.text(errno))
            }
        }
    }
}
