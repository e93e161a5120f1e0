import Foundation

/// Where a server listens: a port on 127.0.0.1 or a unix socket. There is no third kind: tests reach nothing else.
public enum SocketAddress: Sendable, CustomStringConvertible {
    case port(UInt16)
    case unix(String)

    public var description: String {
        switch self {
        case .port(let port): "127.0.0.1:\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }

    /// A port that is free now.
    public static func freePort() throws -> UInt16 {
        let listener = try Listener()
        return listener.port
    }

    /// Calls with the C form.
    func withAddress<R>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> R) throws -> R {
        switch self {
        case .port(let port):
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
            return withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
        case .unix(let path):
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            let bytes = Array(path.utf8) + [0]
            guard bytes.count <= MemoryLayout.size(ofValue: address.sun_path) else {
                throw TestFailure("socket path too long: \(path)")
            }
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
            return withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
        }
    }
}

/// A listening TCP socket on a port of 127.0.0.1 that the kernel chose.
public final class Listener: @unchecked Sendable {
    let descriptor: Int32
    public let port: UInt16

    public init() throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        let fd = descriptor
        let bound = try SocketAddress.port(0).withAddress { bind(fd, $0, $1) }
        guard bound == 0, listen(descriptor, 512) == 0 else {
            throw TestFailure("listen: \(String(cString: strerror(errno)))")
        }
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(fd, $0, &length) }
        }
        port = UInt16(bigEndian: address.sin_port)
    }

    /// The next connection; nil once the listener is closed.
    func accept() -> TCPConnection? {
        while true {
            let fd = Glibc.accept(descriptor, nil, nil)
            if fd >= 0 {
                _ = fcntl(fd, F_SETFD, FD_CLOEXEC)
                return TCPConnection(descriptor: fd)
            }
            if errno != EINTR && errno != ECONNABORTED { return nil }
        }
    }

    /// Wakes `accept` and refuses new connections.
    func shut() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    deinit { close(descriptor) }
}

/// A blocking stream with line reading and a generous time limit, so that a broken peer fails the test instead of
/// hanging it.
public final class TCPConnection: @unchecked Sendable {
    private let descriptor: Int32
    private var buffer: [UInt8] = []
    private var start = 0

    init(descriptor: Int32, timeout: Int = 120) {
        self.descriptor = descriptor
        var limit = timeval(tv_sec: timeout, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var yes: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
    }

    /// - Parameter timeout: seconds after which a read or a write is given up.
    public convenience init(_ address: SocketAddress, timeout: Int = 120) throws {
        let family = if case .unix = address { AF_UNIX } else { AF_INET }
        let fd = socket(family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        let connected = try address.withAddress { connect(fd, $0, $1) }
        guard connected == 0 else {
            let reason = String(cString: strerror(errno))
            close(fd)
            throw TestFailure("\(address): \(reason)")
        }
        self.init(descriptor: fd, timeout: timeout)
    }

    public func write(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                send(descriptor, $0.baseAddress?.advanced(by: sent), bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw TestFailure("write: \(String(cString: strerror(errno)))") }
            sent += count
        }
    }

    public func write(_ text: String) throws { try write(Array(text.utf8)) }

    /// How long to wait for what is read.
    public func setPatience(seconds: Int) {
        var limit = timeval(tv_sec: seconds, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    /// Reads more into the buffer; false at the end of the stream.
    private func fill() throws -> Bool {
        if start > 0 {
            buffer.removeFirst(start)
            start = 0
        }
        var chunk = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = recv(descriptor, &chunk, chunk.count, 0)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw TestFailure("read: \(String(cString: strerror(errno)))") }
            buffer.append(contentsOf: chunk[0..<count])
            return count > 0
        }
    }

    private func lineEnd(from position: Int) -> Int? {
        buffer.withUnsafeBytes { bytes in
            guard position < bytes.count, let base = bytes.baseAddress,
                let found = memchr(base + position, 10, bytes.count - position)
            else { return nil }
            return UnsafeRawPointer(found) - base
        }
    }

    /// The next line with its line end; nil at the end of the stream.
    public func readLine() throws -> [UInt8]? {
        var searched = start
        while true {
            if let end = lineEnd(from: searched) {
                let line = Array(buffer[start...end])
                start = end + 1
                return line
            }
            let pending = buffer.count - start
            guard try fill() else { return nil }
            searched = pending
        }
    }

    /// Everything until the other side closes.
    public func readToEnd() throws -> [UInt8] {
        while try fill() {}
        defer { start = buffer.count }
        return Array(buffer[start...])
    }

    /// SMTP data up to the line with the single dot, dots unstuffed; nil if the stream ends before.
    func readData() throws -> [UInt8]? {
        var data: [UInt8] = []
        while let line = try readLine() {
            if line == [46, 13, 10] { return data }
            data.append(contentsOf: line.first == 46 ? line.dropFirst() : line[...])
        }
        return nil
    }

    /// Says that nothing more will be written.
    public func endOutput() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Ends both directions at once; a blocked reader wakes up.
    public func shut() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    deinit { close(descriptor) }
}
